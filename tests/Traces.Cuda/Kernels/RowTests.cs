using CsCheck;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Kernels;

/// <summary>Normalisations, nonlinearities, sums and choices against loops in double precision.</summary>
public class RowTests
{
    private static readonly Gen<(int Seed, int Rows, int Columns)> Case = Gen.Select(Gen.Int, Gen.Int[1, 9], Gen.OneOf(Gen.Int[1, 40], Gen.Int[200, 600]));

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_layer_norm_centres_scales_and_shifts(string name) => Gen.Select(Case, Gen.Double[-50, 50]).Sample(name, (c, offset) =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        Random random = new(c.Seed);
        double[,] input = Close.Random(random, c.Rows, c.Columns);
        for (int row = 0; row < c.Rows; row++)
        {
            for (int column = 0; column < c.Columns; column++)
            {
                input[row, column] = (float)(input[row, column] + offset);
            }
        }

        double[] scale = Vector(random, c.Columns);
        double[] shift = Vector(random, c.Columns);
        CudaTensor result = data.Empty(c.Rows, c.Columns);
        data.Launcher.LayerNorm(data.Tensor(input), data.Vector(scale), data.Vector(shift), 1e-5f, result);

        double[,] expected = new double[c.Rows, c.Columns];
        double[] spread = new double[c.Rows];
        for (int row = 0; row < c.Rows; row++)
        {
            double mean = Row(input, row).Average();
            spread[row] = Math.Sqrt(Row(input, row).Average(x => (x - mean) * (x - mean)) + 1e-5f);
            for (int column = 0; column < c.Columns; column++)
            {
                expected[row, column] = ((input[row, column] - mean) / spread[row] * scale[column]) + shift[column];
            }
        }

        // The mean of numbers around the offset is off by as many roundings as a thread adds and the tree is deep, in units of the offset;
        // divided by the spread, that is the error. The variance is off by twice as much, relative.
        double roundings = 24 + Math.Ceiling(c.Columns / 4.0);
        Close.Check(expected, data.Read(result), (row, column) =>
            roundings * Close.Epsilon * ((2 * (Math.Abs(offset) + 1) / spread[row]) + Math.Abs(expected[row, column]) + 1));
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void An_rms_norm_scales(string name) => Case.Sample(name, c =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        Random random = new(c.Seed);
        double[,] input = Close.Random(random, c.Rows, c.Columns);
        double[] scale = Vector(random, c.Columns);
        CudaTensor result = data.Empty(c.Rows, c.Columns);
        data.Launcher.RmsNorm(data.Tensor(input), data.Vector(scale), 1e-3f, result);

        double[,] expected = new double[c.Rows, c.Columns];
        for (int row = 0; row < c.Rows; row++)
        {
            double root = Math.Sqrt(Row(input, row).Average(x => x * x) + 1e-3f);
            for (int column = 0; column < c.Columns; column++)
            {
                expected[row, column] = input[row, column] / root * scale[column];
            }
        }

        double roundings = 24 + Math.Ceiling(c.Columns / 4.0);
        Close.Check(expected, data.Read(result), (row, column) => roundings * Close.Epsilon * Math.Abs(expected[row, column]));
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_nonlinearity_is_that_function(string name) => Gen.Select(
        Case, Gen.OneOf(Gen.Const(ActivationKind.Gelu), Gen.Const(ActivationKind.Relu), Gen.Const(ActivationKind.SwiGlu), Gen.Const(ActivationKind.GeGlu)), Gen.Bool).Sample(name, (c, kind, byTanh) =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        bool gated = kind is ActivationKind.SwiGlu or ActivationKind.GeGlu;
        double[,] input = Close.Random(new Random(c.Seed), c.Rows, gated ? 2 * c.Columns : c.Columns, 6);
        CudaTensor result = data.Empty(c.Rows, c.Columns);
        data.Launcher.Activate(data.Tensor(input), kind, byTanh, result);

        double[,] expected = new double[c.Rows, c.Columns];
        for (int row = 0; row < c.Rows; row++)
        {
            for (int column = 0; column < c.Columns; column++)
            {
                expected[row, column] = PlainActivation.Of(kind, byTanh, input[row, column]) * (gated ? input[row, c.Columns + column] : 1);
            }
        }

        // |x| up to 6 times the error of the function, times a factor of up to 6 where gated.
        double function = kind is ActivationKind.Relu ? Close.Epsilon : byTanh || kind == ActivationKind.SwiGlu ? 20 * Close.Epsilon : 5e-7;
        Close.Check(expected, data.Read(result), (row, column) => function * (6 * (gated ? 6 : 1)));
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_sum_adds_value_by_value(string name) => Case.Sample(name, c =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        Random random = new(c.Seed);
        double[,] left = Close.Random(random, c.Rows, c.Columns);
        double[,] right = Close.Random(random, c.Rows, c.Columns);
        CudaTensor result = data.Empty(c.Rows, c.Columns);
        data.Launcher.Add(data.Tensor(left), data.Tensor(right), result);
        float[,] actual = data.Read(result);
        for (int row = 0; row < c.Rows; row++)
        {
            for (int column = 0; column < c.Columns; column++)
            {
                Assert.Equal((float)(left[row, column] + right[row, column]), actual[row, column]);
            }
        }
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void The_choice_is_the_first_of_the_largest(string name) => Gen.Select(Case, Gen.Int[1, 8]).Sample(name, (c, different) =>
    {
        CudaDevice device = TestDevices.Get(name);
        using DeviceData data = new(device);
        Random random = new(c.Seed);

        // Few different values, so that the largest is often there several times; NaN and minus infinity are never chosen before a number.
        double[] values = [.. Enumerable.Range(0, different).Select(_ => (random.NextDouble() * 2) - 1), double.NaN, double.NegativeInfinity];
        double[,] logits = new double[c.Rows, c.Columns];
        for (int row = 0; row < c.Rows; row++)
        {
            for (int column = 0; column < c.Columns; column++)
            {
                logits[row, column] = (float)values[random.Next(values.Length)];
            }
        }

        var chosen = data.Upload(new int[c.Rows]);
        data.Launcher.ArgMax(data.Tensor(logits), chosen);
        int[] expected = [.. Enumerable.Range(0, c.Rows).Select(row => First([.. Row(logits, row)]))];
        Assert.Equal(expected, data.Read(chosen));
    });

    private static int First(double[] row)
    {
        int best = -1;
        for (int column = 0; column < row.Length; column++)
        {
            if (!double.IsNaN(row[column]) && (best < 0 || row[column] > row[best]))
            {
                best = column;
            }
        }

        return Math.Max(best, 0);
    }

    private static IEnumerable<double> Row(double[,] values, int row) => Enumerable.Range(0, values.GetLength(1)).Select(column => values[row, column]);

    private static double[] Vector(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (double)(float)((random.NextDouble() * 2) - 1))];
}
