using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>The product with a sparse matrix in compressed rows: a warp computes one output of several rows of the input.</summary>
internal static class SparseKernel
{
    /// <summary>Rows of the input that are multiplied with each number read.</summary>
    public const int RowsAtOnce = 4;

    /// <summary>Any number of rows. Grid: outputs / warps of a group, rows / <see cref="RowsAtOnce"/>.</summary>
    [DeviceKernel]
    public static void SparseProduct(
        ArrayView<float> input, ArrayView<int> starts, ArrayView<int> columns, ArrayView<float> values, ArrayView<float> result, LinearShape shape)
    {
        int lane = Group.IdxX % Warp.WarpSize;
        int output = (Grid.IdxX * (Group.DimX / Warp.WarpSize)) + (Group.IdxX / Warp.WarpSize);
        if (output >= shape.Outputs)
        {
            return;
        }

        // Rows past the last are computed as the last one and not written.
        int row0 = Grid.IdxY * RowsAtOnce;
        long start0 = (long)row0 * shape.InputStride;
        long start1 = (long)IntrinsicMath.Min(row0 + 1, shape.Rows - 1) * shape.InputStride;
        long start2 = (long)IntrinsicMath.Min(row0 + 2, shape.Rows - 1) * shape.InputStride;
        long start3 = (long)IntrinsicMath.Min(row0 + 3, shape.Rows - 1) * shape.InputStride;
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        int end = starts[output + 1];
        for (int index = starts[output] + lane; index < end; index += Warp.WarpSize)
        {
            float value = values[index];
            int column = columns[index];
            sum0 += value * input[start0 + column];
            sum1 += value * input[start1 + column];
            sum2 += value * input[start2 + column];
            sum3 += value * input[start3 + column];
        }

        sum0 = Reductions.WarpSum(sum0);
        sum1 = Reductions.WarpSum(sum1);
        sum2 = Reductions.WarpSum(sum2);
        sum3 = Reductions.WarpSum(sum3);
        int mine = row0 + lane;
        if (lane < RowsAtOnce && mine < shape.Rows)
        {
            result[((long)mine * shape.ResultStride) + output] = lane == 0 ? sum0 : lane == 1 ? sum1 : lane == 2 ? sum2 : sum3;
        }
    }
}
