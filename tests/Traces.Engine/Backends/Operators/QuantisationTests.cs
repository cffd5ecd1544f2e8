using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Operators;

public class QuantisationTests
{
    private static readonly Gen<(DataType Type, int Rows, int Groups, int Size, int Seed)> Any =
        Gen.Select(Gen.Bool.Select(wide => wide ? DataType.Int8 : DataType.Int4), Gen.Int[1, 9], Gen.Int[1, 9], Gen.OneOf(Gen.Int[1, 40], Gen.OneOf(16, 32, 64)), Gen.Int);

    [Fact]
    public void Every_value_comes_back_within_half_a_scale_and_the_largest_exactly() => Any.Sample((type, rows, groups, size, seed) =>
    {
        using CpuOperators operators = new(2);
        CpuTensor input = RandomTensor.Load(operators, new Random(seed), rows, groups * size);
        CpuTensor result = operators.Dequantise(operators.Quantise(input, type, size));
        double[][] before = RandomTensor.Read(input);
        double[][] after = RandomTensor.Read(result);
        for (int row = 0; row < rows; row++)
        {
            for (int group = 0; group < groups; group++)
            {
                double[] part = before[row][(group * size)..((group + 1) * size)];
                double largest = part.Max(Math.Abs);
                double scale = largest / (type == DataType.Int8 ? 127 : 7);
                for (int index = 0; index < size; index++)
                {
                    double error = Math.Abs(part[index] - after[row][(group * size) + index]);

                    // Up to 127 scales in single precision.
                    Assert.True(error <= scale * 0.50002, $"off by {error / scale} scales");
                    Assert.True(Math.Abs(part[index]) < largest || error <= 1e-6 * largest);
                }
            }
        }
    });

    [Fact]
    public void Stored_integers_times_scales_are_the_values_and_take_the_bytes_of_the_cost() => Any.Sample((type, rows, groups, size, seed) =>
    {
        using CpuOperators operators = new(1);
        int columns = groups * size;
        CpuQuantised quantised = operators.Quantise(RandomTensor.Load(operators, new Random(seed), rows, columns), type, size);
        CpuTensor result = operators.Dequantise(quantised);
        long bytes = 0;
        for (int row = 0; row < rows; row++)
        {
            bytes += quantised.Stored(row).Length + (sizeof(float) * quantised.Scales(row).Length);
            for (int column = 0; column < columns; column++)
            {
                int number = type == DataType.Int8 ? (sbyte)quantised.Stored(row)[column] : (quantised.Stored(row)[column / 2] >> (4 * (column % 2))) & 15;
                number = type == DataType.Int4 && number > 7 ? number - 16 : number;
                Assert.InRange(number, type == DataType.Int8 ? -127 : -7, type == DataType.Int8 ? 127 : 7);
                Assert.Equal(number * quantised.Scales(row)[column / size], result.Row(row)[column]);
            }
        }

        foreach (OperatorKind kind in new[] { OperatorKind.Quantise, OperatorKind.Dequantise })
        {
            Operator op = new() { Kind = kind, Role = OperatorRole.Quant, Phase = Phase.Decode, Rows = rows, Inputs = columns, Group = size, WeightType = type };
            Assert.Equal(bytes + (4L * rows * columns), OperatorCost.Of(op).Bytes);
        }
    });

    [Fact]
    public void Quantising_again_what_came_back_changes_nothing() => Any.Sample((type, rows, groups, size, seed) =>
    {
        using CpuOperators operators = new(1);
        CpuTensor once = operators.Dequantise(operators.Quantise(RandomTensor.Load(operators, new Random(seed), rows, groups * size), type, size));
        CpuTensor twice = operators.Dequantise(operators.Quantise(once, type, size));
        double[][] expected = RandomTensor.Read(once);
        double[][] actual = RandomTensor.Read(twice);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < expected[row].Length; column++)
            {
                Assert.Equal(expected[row][column], actual[row][column], 1e-6);
            }
        }
    });

    [Fact]
    public void Zeros_stay_zeros_and_what_is_not_finite_is_refused()
    {
        using CpuOperators operators = new(1);
        Assert.Equal(new float[12], operators.Dequantise(operators.Quantise(operators.Load(1, 12, new float[12]), DataType.Int4, 4)).Row(0).ToArray());
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            CpuTensor input = operators.Load(1, 4, [1, 2, value, 3]);
            Assert.Contains("not finite", Assert.Throws<PimSimUserException>(() => operators.Quantise(input, DataType.Int8, 2)).Message, StringComparison.Ordinal);
        }
    }
}
