using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Row by row: a group of threads has one row. Grid: rows.</summary>
internal static class RowKernels
{
    /// <summary>(x - mean) / sqrt(variance + epsilon) * scale + shift; the variance in a second pass, as the mean may be large.</summary>
    [DeviceKernel]
    public static void LayerNorm(ArrayView<float> input, ArrayView<float> scale, ArrayView<float> shift, ArrayView<float> result, float epsilon, RowShape shape)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(Reductions.MaxWarps);
        ArrayView<float> squares = SharedMemory.Allocate<float>(Reductions.MaxWarps);
        long from = (long)Grid.IdxX * shape.InputStride;
        long to = (long)Grid.IdxX * shape.ResultStride;
        float sum = 0;
        for (int column = Group.IdxX; column < shape.Columns; column += Group.DimX)
        {
            sum += input[from + column];
        }

        float mean = Reductions.GroupSum(sum, sums) / shape.Columns;
        float square = 0;
        for (int column = Group.IdxX; column < shape.Columns; column += Group.DimX)
        {
            float difference = input[from + column] - mean;
            square += difference * difference;
        }

        float factor = 1f / MathF.Sqrt((Reductions.GroupSum(square, squares) / shape.Columns) + epsilon);
        for (int column = Group.IdxX; column < shape.Columns; column += Group.DimX)
        {
            result[to + column] = ((input[from + column] - mean) * factor * scale[column]) + shift[column];
        }
    }

    /// <summary>x / sqrt(mean square + epsilon) * scale.</summary>
    [DeviceKernel]
    public static void RmsNorm(ArrayView<float> input, ArrayView<float> scale, ArrayView<float> result, float epsilon, RowShape shape)
    {
        ArrayView<float> squares = SharedMemory.Allocate<float>(Reductions.MaxWarps);
        long from = (long)Grid.IdxX * shape.InputStride;
        long to = (long)Grid.IdxX * shape.ResultStride;
        float square = 0;
        for (int column = Group.IdxX; column < shape.Columns; column += Group.DimX)
        {
            float value = input[from + column];
            square += value * value;
        }

        float factor = 1f / MathF.Sqrt((Reductions.GroupSum(square, squares) / shape.Columns) + epsilon);
        for (int column = Group.IdxX; column < shape.Columns; column += Group.DimX)
        {
            result[to + column] = input[from + column] * factor * scale[column];
        }
    }

    /// <summary>The column of the largest value; of equal ones the first. NaN is never the largest.</summary>
    [DeviceKernel]
    public static void ArgMax(ArrayView<float> input, ArrayView<int> result, RowShape shape)
    {
        ArrayView<float> values = SharedMemory.Allocate<float>(Reductions.MaxWarps);
        ArrayView<int> columns = SharedMemory.Allocate<int>(Reductions.MaxWarps);
        long from = (long)Grid.IdxX * shape.InputStride;
        float best = float.NegativeInfinity;
        int where = int.MaxValue;
        for (int column = Group.IdxX; column < shape.Columns; column += Group.DimX)
        {
            float value = input[from + column];
            if (Reductions.IsBefore(value, column, best, where))
            {
                best = value;
                where = column;
            }
        }

        Reductions.WarpLargest(ref best, ref where);
        if (Group.IdxX % Warp.WarpSize == 0)
        {
            values[Group.IdxX / Warp.WarpSize] = best;
            columns[Group.IdxX / Warp.WarpSize] = where;
        }

        Group.Barrier();
        if (Group.IdxX == 0)
        {
            for (int warp = 1; warp < Group.DimX / Warp.WarpSize; warp++)
            {
                if (Reductions.IsBefore(values[warp], columns[warp], best, where))
                {
                    best = values[warp];
                    where = columns[warp];
                }
            }

            result[Grid.IdxX] = where == int.MaxValue ? 0 : where;
        }
    }
}
