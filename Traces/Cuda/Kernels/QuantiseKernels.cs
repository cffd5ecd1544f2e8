using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Activations to integers with scales and back, with the roundings of the processor's backends: to the same bits.</summary>
internal static class QuantiseKernels
{
    // Added and taken away again, it leaves no place after the point: rounds to nearest, ties to even, below 2^22.
    private const float NoFraction = 12582912f;

    /// <summary>
    /// The scale of each group of columns. A warp has one group; the lowest row with a value that is not finite is left in
    /// <paramref name="fault"/>. Grid: rows x groups / warps of a group of threads.
    /// </summary>
    [DeviceKernel]
    public static void Scales<TInteger>(ArrayView<float> input, ArrayView<float> scales, ArrayView<int> fault, QuantisedShape shape)
        where TInteger : struct, IIntegerFormat
    {
        int lane = Group.IdxX % Warp.WarpSize;
        int mine = (Grid.IdxX * (Group.DimX / Warp.WarpSize)) + (Group.IdxX / Warp.WarpSize);
        int groups = shape.Columns / shape.GroupSize;
        int row = mine / groups;
        if (row >= shape.Rows)
        {
            return;
        }

        int group = mine % groups;
        long from = ((long)row * shape.ValueStride) + ((long)group * shape.GroupSize);
        float largest = 0;
        for (int column = lane; column < shape.GroupSize; column += Warp.WarpSize)
        {
            float value = input[from + column];
            float magnitude = value < 0 ? -value : value;
            if (!(magnitude <= float.MaxValue))
            {
                Atomic.Min(ref fault[0], row);
            }

            largest = magnitude > largest ? magnitude : largest;
        }

        largest = Reductions.WarpMax(largest);
        if (lane == 0)
        {
            scales[((long)row * shape.ScaleStride) + group] = Scale(largest, TInteger.Limit);
        }
    }

    /// <summary>The integers. A thread has one word of them. Grid: rows x words / threads of a group.</summary>
    [DeviceKernel]
    public static void Pack<TInteger>(ArrayView<float> input, ArrayView<float> scales, ArrayView<uint> words, int count, QuantisedShape shape)
        where TInteger : struct, IIntegerFormat
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int perWord = TInteger.ValuesPerWord;
        int bits = 32 / perWord;
        int rowWords = ((shape.Columns - 1) / perWord) + 1;
        int row = element / rowWords;
        int column0 = element % rowWords * perWord;
        uint word = 0;
        for (int value = 0; value < perWord && column0 + value < shape.Columns; value++)
        {
            int column = column0 + value;
            float scale = scales[((long)row * shape.ScaleStride) + (column / shape.GroupSize)];
            if (scale != 0)
            {
                int number = (int)((input[((long)row * shape.ValueStride) + column] / scale) + NoFraction - NoFraction);
                word |= ((uint)number & (uint.MaxValue >> (32 - bits))) << (bits * value);
            }
        }

        words[((long)row * shape.WordStride) + (element % rowWords)] = word;
    }

    /// <summary>Integers times scales. A thread has one value. Grid: values / threads of a group.</summary>
    [DeviceKernel]
    public static void Unpack<TInteger>(ArrayView<uint> words, ArrayView<float> scales, ArrayView<float> result, int count, QuantisedShape shape)
        where TInteger : struct, IIntegerFormat
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int row = element / shape.Columns;
        int column = element % shape.Columns;
        uint word = words[((long)row * shape.WordStride) + (column / TInteger.ValuesPerWord)];
        result[((long)row * shape.ValueStride) + column] =
            TInteger.Decode(word, column % TInteger.ValuesPerWord) * scales[((long)row * shape.ScaleStride) + (column / shape.GroupSize)];
    }

    // Rounded down, the largest value would need one step more than there is. Whether it was is asked exactly: both parts of the scale
    // have few enough digits for their products, and the first product is near enough for an exact difference.
    private static float Scale(float largest, int limit)
    {
        float scale = largest / limit;
        float high = Interop.IntAsFloat(Interop.FloatAsInt(scale) & 0xfffff000);
        return (scale - high) * limit < largest - (high * limit) ? Interop.IntAsFloat(Interop.FloatAsInt(scale) + 1) : scale;
    }
}
