using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>
/// The product of many rows, tile by tile. Both tiles pass through shared memory, unpacked and scaled there once, and each thread keeps
/// 4 x 4 results in registers: its rows and columns lie a Side apart, so that neighbouring threads read neighbouring banks.
/// </summary>
internal static class GemmKernel
{
    /// <summary>Rows, and columns, of the result that a thread computes.</summary>
    public const int PerThread = 4;

    /// <summary>Columns of the input taken into shared memory at once.</summary>
    public const int Depth = 16;

    // One column more than the widest tile, or all threads that write a tile would meet in one bank.
    private const int SharedValues = Depth * ((16 * PerThread) + 1);

    /// <summary>Any number of rows. Grid: outputs / tile, rows / tile; group: Side x Side threads in one dimension.</summary>
    [DeviceKernel]
    public static void Gemm<TFormat, TTile>(
        ArrayView<float> input, ArrayView<uint> words, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> result, LinearShape shape)
        where TFormat : struct, IWeightFormat
        where TTile : struct, IGemmTile
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(SharedValues);
        ArrayView<float> right = SharedMemory.Allocate<float>(SharedValues);
        int side = TTile.Side;
        int pitch = (side * PerThread) + 1;
        int x = Group.IdxX % side;
        int y = Group.IdxX / side;
        int row0 = Grid.IdxY * side * PerThread;
        int output0 = Grid.IdxX * side * PerThread;

        float s00 = 0, s01 = 0, s02 = 0, s03 = 0;
        float s10 = 0, s11 = 0, s12 = 0, s13 = 0;
        float s20 = 0, s21 = 0, s22 = 0, s23 = 0;
        float s30 = 0, s31 = 0, s32 = 0, s33 = 0;
        for (int column0 = 0; column0 < shape.Inputs; column0 += Depth)
        {
            LoadInput<TTile>(input, left, shape, row0, column0);
            LoadWeights<TFormat, TTile>(words, scales, right, shape, output0, column0);
            Group.Barrier();
            for (int k = 0; k < Depth; k++)
            {
                int a = (k * pitch) + y;
                int b = (k * pitch) + x;
                float a0 = left[a], a1 = left[a + side], a2 = left[a + (2 * side)], a3 = left[a + (3 * side)];
                float b0 = right[b], b1 = right[b + side], b2 = right[b + (2 * side)], b3 = right[b + (3 * side)];
                s00 += a0 * b0;
                s01 += a0 * b1;
                s02 += a0 * b2;
                s03 += a0 * b3;
                s10 += a1 * b0;
                s11 += a1 * b1;
                s12 += a1 * b2;
                s13 += a1 * b3;
                s20 += a2 * b0;
                s21 += a2 * b1;
                s22 += a2 * b2;
                s23 += a2 * b3;
                s30 += a3 * b0;
                s31 += a3 * b1;
                s32 += a3 * b2;
                s33 += a3 * b3;
            }

            Group.Barrier();
        }

        int row = row0 + y;
        int output = output0 + x;
        StoreRow<TTile>(result, bias, shape, row, output, s00, s01, s02, s03);
        StoreRow<TTile>(result, bias, shape, row + side, output, s10, s11, s12, s13);
        StoreRow<TTile>(result, bias, shape, row + (2 * side), output, s20, s21, s22, s23);
        StoreRow<TTile>(result, bias, shape, row + (3 * side), output, s30, s31, s32, s33);
    }

    private static void LoadInput<TTile>(ArrayView<float> input, ArrayView<float> left, LinearShape shape, int row0, int column0)
        where TTile : struct, IGemmTile
    {
        int tile = TTile.Side * PerThread;
        for (int element = Group.IdxX; element < tile * Depth; element += TTile.Side * TTile.Side)
        {
            int k = element % Depth;
            int row = element / Depth;
            bool inside = row0 + row < shape.Rows && column0 + k < shape.Inputs;
            left[(k * (tile + 1)) + row] = inside ? input[((long)(row0 + row) * shape.InputStride) + column0 + k] : 0;
        }
    }

    private static void LoadWeights<TFormat, TTile>(ArrayView<uint> words, ArrayView<float> scales, ArrayView<float> right, LinearShape shape, int output0, int column0)
        where TFormat : struct, IWeightFormat
        where TTile : struct, IGemmTile
    {
        int tile = TTile.Side * PerThread;
        int perWord = TFormat.ValuesPerWord;
        int wordsDeep = Depth / perWord;
        for (int element = Group.IdxX; element < tile * wordsDeep; element += TTile.Side * TTile.Side)
        {
            int deep = element % wordsDeep;
            int row = element / wordsDeep;
            int output = output0 + row;
            int column = column0 + (deep * perWord);
            bool inside = output < shape.Outputs && column < shape.Inputs;
            uint word = inside ? words[((long)output * shape.WeightStride * Chunk.Words) + (column / perWord)] : 0;
            for (int value = 0; value < perWord; value++)
            {
                float weight = 0;
                if (inside && column + value < shape.Inputs)
                {
                    weight = TFormat.Decode(word, value);
                    weight = shape.HasScales != 0 ? weight * scales[GemvKernels.FirstScale(shape, output) + ((column + value) / shape.GroupSize)] : weight;
                }

                right[(((deep * perWord) + value) * (tile + 1)) + row] = weight;
            }
        }
    }

    private static void StoreRow<TTile>(ArrayView<float> result, ArrayView<float> bias, LinearShape shape, int row, int output, float sum0, float sum1, float sum2, float sum3)
        where TTile : struct, IGemmTile
    {
        if (row >= shape.Rows)
        {
            return;
        }

        long start = (long)row * shape.ResultStride;
        Store(result, bias, shape, start, output, sum0);
        Store(result, bias, shape, start, output + TTile.Side, sum1);
        Store(result, bias, shape, start, output + (2 * TTile.Side), sum2);
        Store(result, bias, shape, start, output + (3 * TTile.Side), sum3);
    }

    private static void Store(ArrayView<float> result, ArrayView<float> bias, LinearShape shape, long start, int output, float sum)
    {
        if (output < shape.Outputs)
        {
            result[start + output] = shape.HasBias != 0 ? sum + bias[output] : sum;
        }
    }
}
