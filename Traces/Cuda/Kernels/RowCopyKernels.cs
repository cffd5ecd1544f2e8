using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Whole rows by their numbers. A thread has one value. Grid: values / threads of a group.</summary>
internal static class RowCopyKernels
{
    /// <summary>Row i of the result is the row of the input with the i-th number.</summary>
    [DeviceKernel]
    public static void GatherRows(ArrayView<int> numbers, ArrayView<float> input, ArrayView<float> result, int count, RowShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int row = element / shape.Columns;
        int column = element % shape.Columns;
        result[((long)row * shape.ResultStride) + column] = input[((long)numbers[row] * shape.InputStride) + column];
    }

    /// <summary>Row i of the input goes to the row of the target with the i-th number; the numbers differ.</summary>
    [DeviceKernel]
    public static void ScatterRows(ArrayView<int> numbers, ArrayView<float> input, ArrayView<float> target, int count, RowShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int row = element / shape.Columns;
        int column = element % shape.Columns;
        target[((long)numbers[row] * shape.ResultStride) + column] = input[((long)row * shape.InputStride) + column];
    }
}
