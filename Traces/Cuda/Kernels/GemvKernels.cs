using ILGPU;
using ILGPU.Runtime;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Products of few rows: a warp computes one output, so that each weight is read once by neighbouring threads, 16 bytes at a time.</summary>
internal static class GemvKernels
{
    /// <summary>Rows of the input that <see cref="GemvRows{TFormat}"/> multiplies with each weight it reads.</summary>
    public const int RowsAtOnce = 4;

    /// <summary>One row. Grid: outputs / warps of a group.</summary>
    [DeviceKernel]
    public static void Gemv<TFormat>(
        ArrayView<Quad> input, ArrayView<float> inputValues, ArrayView<Chunk> weights, ArrayView<uint> words, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> result, LinearShape shape)
        where TFormat : struct, IWeightFormat
    {
        int lane = Group.IdxX % Warp.WarpSize;
        int output = (Grid.IdxX * (Group.DimX / Warp.WarpSize)) + (Group.IdxX / Warp.WarpSize);
        if (output >= shape.Outputs)
        {
            return;
        }

        int chunkValues = Chunk.Words * TFormat.ValuesPerWord;
        ArrayView<Quad> quads = input.AsAligned(16);
        ArrayView<Chunk> chunks = weights.AsAligned(16);
        long firstChunk = (long)output * shape.WeightStride;
        long firstScale = FirstScale(shape, output);
        float sum = 0;
        for (int chunk = lane; chunk < shape.WholeChunks; chunk += Warp.WarpSize)
        {
            float part = TFormat.Dot(chunks[firstChunk + chunk], quads, (long)chunk * (chunkValues / Quad.Values));
            sum += shape.HasScales != 0 ? part * scales[firstScale + (chunk * chunkValues / shape.GroupSize)] : part;
        }

        long firstWord = (long)output * shape.WeightStride * Chunk.Words;
        for (int column = (shape.WholeChunks * chunkValues) + lane; column < shape.Inputs; column += Warp.WarpSize)
        {
            sum += Weight<TFormat>(words, scales, shape, firstWord, firstScale, column) * inputValues[column];
        }

        sum = Reductions.WarpSum(sum);
        if (lane == 0)
        {
            result[output] = shape.HasBias != 0 ? sum + bias[output] : sum;
        }
    }

    /// <summary>Several rows, <see cref="RowsAtOnce"/> at a time. Grid: outputs / warps of a group, rows / <see cref="RowsAtOnce"/>.</summary>
    [DeviceKernel]
    public static void GemvRows<TFormat>(
        ArrayView<Quad> input, ArrayView<float> inputValues, ArrayView<Chunk> weights, ArrayView<uint> words, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> result, LinearShape shape)
        where TFormat : struct, IWeightFormat
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

        int chunkValues = Chunk.Words * TFormat.ValuesPerWord;
        ArrayView<Quad> quads = input.AsAligned(16);
        ArrayView<Chunk> chunks = weights.AsAligned(16);
        long firstChunk = (long)output * shape.WeightStride;
        long firstScale = FirstScale(shape, output);
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        for (int chunk = lane; chunk < shape.WholeChunks; chunk += Warp.WarpSize)
        {
            Chunk packed = chunks[firstChunk + chunk];
            long quad = (long)chunk * (chunkValues / Quad.Values);
            float scale = shape.HasScales != 0 ? scales[firstScale + (chunk * chunkValues / shape.GroupSize)] : 1f;
            sum0 += TFormat.Dot(packed, quads, (start0 / Quad.Values) + quad) * scale;
            sum1 += TFormat.Dot(packed, quads, (start1 / Quad.Values) + quad) * scale;
            sum2 += TFormat.Dot(packed, quads, (start2 / Quad.Values) + quad) * scale;
            sum3 += TFormat.Dot(packed, quads, (start3 / Quad.Values) + quad) * scale;
        }

        long firstWord = (long)output * shape.WeightStride * Chunk.Words;
        for (int column = (shape.WholeChunks * chunkValues) + lane; column < shape.Inputs; column += Warp.WarpSize)
        {
            float weight = Weight<TFormat>(words, scales, shape, firstWord, firstScale, column);
            sum0 += weight * inputValues[start0 + column];
            sum1 += weight * inputValues[start1 + column];
            sum2 += weight * inputValues[start2 + column];
            sum3 += weight * inputValues[start3 + column];
        }

        sum0 = Reductions.WarpSum(sum0);
        sum1 = Reductions.WarpSum(sum1);
        sum2 = Reductions.WarpSum(sum2);
        sum3 = Reductions.WarpSum(sum3);
        int mine = row0 + lane;
        if (lane < RowsAtOnce && mine < shape.Rows)
        {
            float sum = lane == 0 ? sum0 : lane == 1 ? sum1 : lane == 2 ? sum2 : sum3;
            result[((long)mine * shape.ResultStride) + output] = shape.HasBias != 0 ? sum + bias[output] : sum;
        }
    }

    /// <summary>Where the scales of an output begin.</summary>
    public static long FirstScale(LinearShape shape, int output) =>
        shape.HasScales != 0 ? (long)output * (shape.Inputs / shape.GroupSize) : 0;

    /// <summary>One weight, scaled.</summary>
    public static float Weight<TFormat>(ArrayView<uint> words, ArrayView<float> scales, LinearShape shape, long firstWord, long firstScale, int column)
        where TFormat : struct, IWeightFormat
    {
        float value = TFormat.Decode(words[firstWord + (column / TFormat.ValuesPerWord)], column % TFormat.ValuesPerWord);
        return shape.HasScales != 0 ? value * scales[firstScale + (column / shape.GroupSize)] : value;
    }
}
