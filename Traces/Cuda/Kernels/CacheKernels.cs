using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Positions: rotation of queries and keys, and their way into the cache.</summary>
internal static class CacheKernels
{
    /// <summary>
    /// Rotates queries and keys in place. A thread has one pair of channels of one head of one token; pair i is turned by the angle whose
    /// cosine and sine stand at [position, i] of the table, one after the other.
    /// </summary>
    [DeviceKernel]
    public static void Rope(ArrayView<float> qkv, ArrayView<float> table, int count, int pairs, int neighbours, AttentionShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int pair = element % pairs;
        int rest = element / pairs;
        int heads = shape.Heads + shape.KvHeads;
        int row = rest / heads;
        int position = shape.Context - shape.NewTokens + (row % shape.NewTokens);
        long angle = 2 * (((long)position * pairs) + pair);
        float cosine = table[angle];
        float sine = table[angle + 1];

        long start = ((long)row * shape.InputStride) + (rest % heads * shape.HeadDim);
        long first = start + (neighbours != 0 ? 2 * pair : pair);
        long second = neighbours != 0 ? first + 1 : first + pairs;
        float a = qkv[first];
        float b = qkv[second];
        qkv[first] = (a * cosine) - (b * sine);
        qkv[second] = (a * sine) + (b * cosine);
    }

    /// <summary>
    /// Stores keys channel by channel, [sequence, head, channel, token], and values token by token, [sequence, head, token, channel]:
    /// as attention's lanes read them side by side. A thread has one channel of one head of one token.
    /// </summary>
    [DeviceKernel]
    public static void Append<TStored, TKv>(ArrayView<float> input, ArrayView<TStored> keys, ArrayView<TStored> values, int count, AttentionShape shape)
        where TStored : unmanaged
        where TKv : struct, IKvFormat<TStored>
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int kvWidth = shape.KvHeads * shape.HeadDim;
        int column = element % kvWidth;
        int row = element / kvWidth;
        int head = column / shape.HeadDim;
        int channel = column % shape.HeadDim;
        int position = shape.Context - shape.NewTokens + (row % shape.NewTokens);
        long start = ((long)(row / shape.NewTokens * shape.KvHeads) + head) * shape.HeadDim * shape.Capacity;
        long key = ((long)row * shape.InputStride) + shape.FirstKey + column;
        keys[start + ((long)channel * shape.Capacity) + position] = TKv.Encode(input[key]);
        values[start + ((long)position * shape.HeadDim) + channel] = TKv.Encode(input[key + kvWidth]);
    }
}
