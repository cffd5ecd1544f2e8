using System.Runtime.InteropServices;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Operators;

/// <summary>Random numbers as tensors and matrices, and their values as plain arrays.</summary>
internal static class RandomTensor
{
    public static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 2))];

    public static CpuTensor Load(CpuOperators operators, Random random, int rows, int columns) => operators.Load(rows, columns, Values(random, rows * columns));

    public static double[][] Read(CpuTensor tensor) => [.. Enumerable.Range(0, tensor.Rows).Select(row => tensor.Row(row).ToArray().Select(value => (double)value).ToArray())];

    /// <summary>A matrix in any storage, in two pieces.</summary>
    public static WeightTensor Weights(Random random, DataType type, int rows, int columns)
    {
        float[] values = Values(random, rows * columns);
        if (type is DataType.Int8 or DataType.Int4)
        {
            int group = Enumerable.Range(1, columns).Where(size => columns % size == 0).MinBy(size => Math.Abs(size - 16));
            return QuantisedWeights.Quantise([.. values.Select(value => (double)value).Chunk(columns)], type, group);
        }

        int first = rows / 2;
        TestMemory memory = new(MemoryMarshal.AsBytes<float>(values).ToArray());
        return WeightConversion.ToFloat(new WeightTensor(DataType.Fp32, rows, columns, [new(memory, 0, first), new(memory, 4L * first * columns, rows - first)]), type);
    }

    /// <summary>Some rows of different numbers.</summary>
    public static int[] Permutation(Random random, int count)
    {
        int[] numbers = [.. Enumerable.Range(0, count)];
        random.Shuffle(numbers);
        return numbers;
    }

    /// <summary>Equal within single precision.</summary>
    /// <param name="expected">The exact sum.</param>
    /// <param name="magnitudes">Sum of the magnitudes of all that was added.</param>
    /// <param name="actual">What was computed.</param>
    public static void AssertClose(double expected, double magnitudes, double actual) =>
        Assert.True(Math.Abs(expected - actual) <= 2e-6 * magnitudes, $"{actual} where {expected} of {magnitudes} is right");
}
