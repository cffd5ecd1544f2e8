using CsCheck;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Operators;

/// <summary>Activations as integers with scales: the same bits as the processor's backend gives, and what the interface promises.</summary>
public class QuantisationTests
{
    private sealed record Case(DataType Type, int Rows, int Groups, int Size, int Seed, double Magnitude);

    // Numbers from those of which a scale is a subnormal to the largest.
    private static readonly Gen<Case> Any =
        from type in Gen.OneOf(Gen.Const(DataType.Int8), Gen.Const(DataType.Int4))
        from sizes in Gen.Select(Gen.Int[1, 6], Gen.Int[1, 6], Gen.OneOf(Gen.Int[1, 20], Gen.OneOf(16, 32, 64)))
        from seed in Gen.Int
        from power in Gen.Int[-148, 127]
        select new Case(type, sizes.Item1, sizes.Item2, sizes.Item3, seed, Math.Pow(2, power));

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void Integers_scales_and_values_are_those_of_the_processor_bit_by_bit(string name) => Any.Sample(name, c =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        using CpuOperators processor = new(1);
        double[,] input = Close.Random(new Random(c.Seed), c.Rows, c.Groups * c.Size, c.Magnitude);
        CudaQuantised quantised = operators.Quantise(data.Tensor(input), c.Type, c.Size);
        CpuTensor values = processor.Load(c.Rows, c.Groups * c.Size, [.. input.Cast<double>().Select(value => (float)value)]);
        CpuQuantised expected = processor.Quantise(values, c.Type, c.Size);
        byte[] stored = new byte[c.Rows * expected.Stored(0).Length];
        float[] scales = new float[c.Rows * c.Groups];
        operators.Read(quantised, stored, scales);
        Assert.Equal(Enumerable.Range(0, c.Rows).SelectMany(row => expected.Stored(row).ToArray()), stored);
        Assert.Equal(Enumerable.Range(0, c.Rows).SelectMany(row => expected.Scales(row).ToArray()), scales);

        CpuTensor back = processor.Dequantise(expected);
        Assert.Equal(
            Enumerable.Range(0, c.Rows).SelectMany(row => back.Row(row).ToArray()),
            data.Read(operators.Dequantise(quantised)).Cast<float>());
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void Every_value_comes_back_within_half_a_scale_and_the_largest_as_itself(string name) => Any.Sample(name, c =>
    {
        // Subnormal scales are as coarse as the values themselves.
        double magnitude = Math.Max(c.Magnitude, 1e-30);
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        double[,] input = Close.Random(new Random(c.Seed), c.Rows, c.Groups * c.Size, magnitude);
        float[,] result = data.Read(operators.Dequantise(operators.Quantise(data.Tensor(input), c.Type, c.Size)));
        for (int group = 0; group < c.Rows * c.Groups; group++)
        {
            (int row, int first) = (group / c.Groups, group % c.Groups * c.Size);
            double largest = Enumerable.Range(first, c.Size).Max(column => Math.Abs(input[row, column]));
            double scale = largest / (c.Type == DataType.Int8 ? 127 : 7);
            for (int column = first; column < first + c.Size; column++)
            {
                // The scale is rounded, and up to 127 of them are taken.
                double error = Math.Abs(input[row, column] - result[row, column]);
                Assert.True(error <= (0.5 + (300 * Close.Epsilon)) * scale, $"off by {error / scale} scales");
                Assert.True(Math.Abs(input[row, column]) < largest || error <= 4 * Close.Epsilon * largest);
            }
        }
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void Zeros_stay_zeros_and_what_is_not_finite_is_refused_with_its_row(string name)
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        Assert.Equal(new float[2, 12], data.Read(operators.Dequantise(operators.Quantise(data.Tensor(new double[2, 12]), DataType.Int4, 4))));
        foreach (double value in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
        {
            CudaTensor input = data.Tensor(new double[,] { { 1, 2, 3 }, { 4, 5, value }, { value, 5, 6 } });
            Assert.Contains("row 1 of a matrix holds a value that is not finite", Assert.Throws<PimSimUserException>(() => operators.Quantise(input, DataType.Int8, 3)).Message, StringComparison.Ordinal);
        }
    }
}
