using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Value by value: a thread has one value of the result. Grid: values / threads of a group.</summary>
internal static class ElementwiseKernels
{
    /// <summary>A nonlinearity.</summary>
    [DeviceKernel]
    public static void Map<TActivation>(ArrayView<float> input, ArrayView<float> result, int count, RowShape shape)
        where TActivation : struct, IActivation
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int row = element / shape.Columns;
        int column = element % shape.Columns;
        result[((long)row * shape.ResultStride) + column] = TActivation.Of(input[((long)row * shape.InputStride) + column]);
    }

    /// <summary>A nonlinearity of the gate, times what stands beside it.</summary>
    [DeviceKernel]
    public static void Gate<TActivation>(ArrayView<float> input, ArrayView<float> result, int count, RowShape shape)
        where TActivation : struct, IActivation
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int row = element / shape.Columns;
        int column = element % shape.Columns;
        long at = ((long)row * shape.InputStride) + column;
        result[((long)row * shape.ResultStride) + column] = TActivation.Of(input[at]) * input[at + shape.Columns];
    }

    /// <summary>A sum.</summary>
    [DeviceKernel]
    public static void Add(ArrayView<float> left, ArrayView<float> right, ArrayView<float> result, int count, RowShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int row = element / shape.Columns;
        int column = element % shape.Columns;
        result[((long)row * shape.ResultStride) + column] =
            left[((long)row * shape.InputStride) + column] + right[((long)row * shape.OtherStride) + column];
    }

    /// <summary>Rows of a table of weights by their numbers.</summary>
    [DeviceKernel]
    public static void Gather<TFormat>(
        ArrayView<int> numbers, ArrayView<uint> words, ArrayView<float> scales, ArrayView<float> result, int count, LinearShape shape)
        where TFormat : struct, IWeightFormat
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int row = element / shape.Inputs;
        int column = element % shape.Inputs;
        int entry = numbers[row];
        long firstWord = (long)entry * shape.WeightStride * Chunk.Words;
        result[((long)row * shape.ResultStride) + column] =
            GemvKernels.Weight<TFormat>(words, scales, shape, firstWord, GemvKernels.FirstScale(shape, entry), column);
    }
}
