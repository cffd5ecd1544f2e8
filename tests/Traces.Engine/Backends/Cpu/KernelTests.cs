using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Cpu;

/// <summary>Each kernel against double loops over rows of any length.</summary>
public class KernelTests
{
    private static readonly Gen<float[]> Row = Gen.Int[1, 200].SelectMany(length => Gen.Float[-4, 4].Array[length]);

    [Fact]
    public void Sums_are_those_of_double_loops() => Gen.Select(Row, Gen.Float[-4, 4]).Sample((row, centre) =>
    {
        double size = row.Sum(value => (double)Math.Abs(value));
        Assert.InRange(Math.Abs(row.Sum(value => (double)value) - RowSums.Sum(row)), 0, 3e-6 * size);
        double squares = row.Sum(value => ((double)value - centre) * ((double)value - centre));

        // Squares below the smallest single are lost.
        Assert.InRange(Math.Abs(squares - RowSums.SquaredDistances(row, centre)), 0, (3e-6 * squares) + (row.Length * (double)float.Epsilon));
    });

    [Fact]
    public void Weighted_sums_are_those_of_double_loops() => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 150], Gen.Int[0, 1_000_000]).Sample((rows, width, seed) =>
    {
        Random random = new(seed);
        float[] factors = [.. Enumerable.Range(0, rows).Select(_ => random.NextSingle())];
        float[] values = [.. Enumerable.Range(0, rows * width).Select(_ => random.NextSingle() - 0.5f)];
        float[] result = new float[width];
        RowSums.Weighted(factors, values, result);
        for (int column = 0; column < width; column++)
        {
            double expected = Enumerable.Range(0, rows).Sum(row => (double)factors[row] * values[(row * width) + column]);
            Assert.InRange(result[column], expected - 2e-6, expected + 2e-6);
        }
    });

    [Fact]
    public void A_norm_of_values_far_from_zero_keeps_its_digits() =>
        Gen.Select(Gen.Int[2, 300], Gen.Enum<NormKind>().Where(kind => kind != NormKind.None), Gen.Float[-100, 100], Gen.Int[0, 1_000_000]).Sample((width, kind, offset, seed) =>
        {
            Random random = new(seed);
            CpuTensor input = new(new TensorStorage(3 * width), 3, width);
            CpuTensor result = new(new TensorStorage(3 * width), 3, width);
            float[] scale = [.. Enumerable.Range(0, width).Select(_ => random.NextSingle())];
            float[] shift = kind == NormKind.LayerNorm ? [.. Enumerable.Range(0, width).Select(_ => random.NextSingle())] : [];
            foreach (ref float value in input.From(0))
            {
                value = (4 * random.NextSingle()) + offset;
            }

            NormWork work = new();
            int pieces = work.Prepare(kind, 1e-5, scale, shift, input, result);
            for (int piece = 0; piece < pieces; piece++)
            {
                work.Run(piece, 0);
            }

            for (int row = 0; row < 3; row++)
            {
                double[] values = [.. input.Row(row).ToArray().Select(value => (double)value)];
                double mean = kind == NormKind.LayerNorm ? values.Average() : 0;
                double deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)) + 1e-5);
                for (int column = 0; column < width; column++)
                {
                    double expected = ((values[column] - mean) / deviation * scale[column]) + (shift.Length == 0 ? 0 : shift[column]);

                    // The values themselves are known to half a unit in their last place.
                    double tolerance = 2e-6 + (1e-6 * (Math.Abs(offset) + 4) / deviation);
                    Assert.InRange(result.Row(row)[column], expected - tolerance, expected + tolerance);
                }
            }
        });

    [Theory]
    [InlineData(ActivationKind.Gelu, true)]
    [InlineData(ActivationKind.Gelu, false)]
    [InlineData(ActivationKind.Relu, false)]
    [InlineData(ActivationKind.SwiGlu, false)]
    [InlineData(ActivationKind.GeGlu, true)]
    [InlineData(ActivationKind.GeGlu, false)]
    public void Activations_are_those_of_double_precision(ActivationKind kind, bool byTanh) => Gen.Select(Gen.OneOf(Gen.Int[1, 70], Gen.Int[2000, 4200]), Gen.Int[0, 1_000_000]).Sample(
        (width, seed) =>
        {
            bool gated = kind is ActivationKind.SwiGlu or ActivationKind.GeGlu;
            Random random = new(seed);
            CpuTensor input = new(new TensorStorage(4 * width), 2, gated ? 2 * width : width);
            CpuTensor result = new(new TensorStorage(2 * width), 2, width);
            foreach (ref float value in input.From(0))
            {
                value = (20 * random.NextSingle()) - 10;
            }

            ActivationWork work = new(kind, byTanh);
            int pieces = work.Prepare(input, result);
            for (int piece = 0; piece < pieces; piece++)
            {
                work.Run(piece, 0);
            }

            for (int row = 0; row < 2; row++)
            {
                for (int column = 0; column < width; column++)
                {
                    double x = input.Row(row)[column];
                    double expected = kind switch
                    {
                        ActivationKind.Relu => Math.Max(x, 0),
                        ActivationKind.SwiGlu => x / (1 + Math.Exp(-x)),
                        _ => byTanh ? ReferenceFunctions.GeluByTanh(x) : ReferenceFunctions.GeluByErf(x),
                    };
                    double factor = gated ? input.Row(row)[width + column] : 1;
                    double tolerance = 4e-7 * Math.Max(1, Math.Abs(x)) * Math.Max(1, Math.Abs(factor));
                    Assert.InRange(result.Row(row)[column], (expected * factor) - tolerance, (expected * factor) + tolerance);
                }
            }
        },
        iter: 20);

    [Fact]
    public void The_exact_gelu_keeps_its_relative_precision_far_below_zero()
    {
        // 0.5 x erfc(-x / sqrt 2) at -5: the normal distribution function there is 2.8665157187919e-7.
        float[] result = new float[1];
        Gelu.ByErrorFunction([-5], result);
        Assert.InRange(result[0], -5 * 2.866517e-7f, -5 * 2.866514e-7f);
    }
}
