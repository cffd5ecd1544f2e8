using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>
/// Attention with an online softmax, causal or over everything. A warp has four rows of queries that share a key/value head: tokens of one head, or the
/// heads of a group under grouped-query attention, so that keys are read once for all four. It walks the keys a warp's width at a
/// time: first a lane is a key, then a lane is a channel of the values. A long context may be split over several warps, whose partial
/// sums <see cref="Combine"/> adds up.
/// </summary>
internal static class AttentionKernels
{
    /// <summary>Rows of queries of a warp.</summary>
    public const int Rows = 4;

    // Stands for minus infinity where a difference must not become NaN.
    private const float Lowest = -3.0e38f;

    /// <summary>
    /// Grid: sequences x key/value heads, tiles of rows / warps of a group, splits. Shared memory: <see cref="SharedValues"/> for each
    /// warp. Partial sums are written only if there are several splits, the result only if there is one. The bias is read only if
    /// there is one: for each head what it adds to a score, by the distance of key and query from -reach to reach.
    /// </summary>
    [DeviceKernel]
    public static void Attend<TStored, TKv>(
        ArrayView<float> queries, ArrayView<TStored> keys, ArrayView<TStored> values, ArrayView<float> bias, ArrayView<float> result, ArrayView<float> partial, AttentionShape shape)
        where TStored : unmanaged
        where TKv : struct, IKvFormat<TStored>
    {
        int lanes = Warp.WarpSize;
        int lane = Group.IdxX % lanes;
        int warp = Group.IdxX / lanes;
        int share = shape.Heads / shape.KvHeads;
        int sequence = Grid.IdxX / shape.KvHeads;
        int kvHead = Grid.IdxX % shape.KvHeads;
        int row0 = ((Grid.IdxY * (Group.DimX / lanes)) + warp) * Rows;
        int allRows = shape.NewTokens * share;
        if (row0 >= allRows)
        {
            return;
        }

        int width = shape.HeadDim;
        ArrayView<float> shared = SharedMemory.GetDynamic<float>();
        int scaled = warp * SharedValues(width, lanes);
        int sums = scaled + (Rows * width);
        int weights = sums + (Rows * width);
        for (int element = lane; element < Rows * width; element += lanes)
        {
            int row = row0 + (element / width);
            float query = 0;
            if (row < allRows)
            {
                int head = (kvHead * share) + (row % share);
                query = queries[((long)((sequence * shape.NewTokens) + (row / share)) * shape.InputStride) + (head * width) + (element % width)] * shape.Scale;
            }

            shared[scaled + element] = query;
            shared[sums + element] = 0;
        }

        Warp.Barrier();

        int row1 = IntrinsicMath.Min(row0 + 1, allRows - 1);
        int row2 = IntrinsicMath.Min(row0 + 2, allRows - 1);
        int row3 = IntrinsicMath.Min(row0 + 3, allRows - 1);
        int seen0 = Seen(shape, row0 / share);
        int seen1 = Seen(shape, row1 / share);
        int seen2 = Seen(shape, row2 / share);
        int seen3 = Seen(shape, row3 / share);
        long bias0 = FirstBias(shape, row0 / share, (kvHead * share) + (row0 % share));
        long bias1 = FirstBias(shape, row1 / share, (kvHead * share) + (row1 % share));
        long bias2 = FirstBias(shape, row2 / share, (kvHead * share) + (row2 % share));
        long bias3 = FirstBias(shape, row3 / share, (kvHead * share) + (row3 % share));
        int begin = Grid.IdxZ * shape.KeysPerSplit;
        int end = IntrinsicMath.Min(begin + shape.KeysPerSplit, seen3);

        long firstKey = (long)Grid.IdxX * width * shape.Capacity;
        float max0 = Lowest, max1 = Lowest, max2 = Lowest, max3 = Lowest;
        float norm0 = 0, norm1 = 0, norm2 = 0, norm3 = 0;
        for (int key0 = begin; key0 < end; key0 += lanes)
        {
            int key = key0 + lane;
            float score0 = 0, score1 = 0, score2 = 0, score3 = 0;
            if (key < end)
            {
                for (int channel = 0; channel < width; channel++)
                {
                    float k = TKv.Decode(keys[firstKey + ((long)channel * shape.Capacity) + key]);
                    score0 += shared[scaled + channel] * k;
                    score1 += shared[scaled + width + channel] * k;
                    score2 += shared[scaled + (2 * width) + channel] * k;
                    score3 += shared[scaled + (3 * width) + channel] * k;
                }

                if (shape.HasBias != 0)
                {
                    score0 += bias[bias0 + key];
                    score1 += bias[bias1 + key];
                    score2 += bias[bias2 + key];
                    score3 += bias[bias3 + key];
                }
            }

            int limit = key < end ? key : int.MaxValue;
            float decay0 = Weigh(ref max0, ref norm0, ref score0, limit < seen0);
            float decay1 = Weigh(ref max1, ref norm1, ref score1, limit < seen1);
            float decay2 = Weigh(ref max2, ref norm2, ref score2, limit < seen2);
            float decay3 = Weigh(ref max3, ref norm3, ref score3, limit < seen3);
            shared[weights + lane] = score0;
            shared[weights + lanes + lane] = score1;
            shared[weights + (2 * lanes) + lane] = score2;
            shared[weights + (3 * lanes) + lane] = score3;
            Warp.Barrier();

            int count = IntrinsicMath.Min(lanes, end - key0);
            for (int channel = lane; channel < width; channel += lanes)
            {
                int at = sums + channel;
                float sum0 = shared[at] * decay0;
                float sum1 = shared[at + width] * decay1;
                float sum2 = shared[at + (2 * width)] * decay2;
                float sum3 = shared[at + (3 * width)] * decay3;
                for (int other = 0; other < count; other++)
                {
                    float v = TKv.Decode(values[firstKey + ((long)(key0 + other) * width) + channel]);
                    sum0 += shared[weights + other] * v;
                    sum1 += shared[weights + lanes + other] * v;
                    sum2 += shared[weights + (2 * lanes) + other] * v;
                    sum3 += shared[weights + (3 * lanes) + other] * v;
                }

                shared[at] = sum0;
                shared[at + width] = sum1;
                shared[at + (2 * width)] = sum2;
                shared[at + (3 * width)] = sum3;
            }

            Warp.Barrier();
        }

        norm0 = Reductions.WarpSum(norm0);
        norm1 = Reductions.WarpSum(norm1);
        norm2 = Reductions.WarpSum(norm2);
        norm3 = Reductions.WarpSum(norm3);
        for (int row = 0; row < Rows && row0 + row < allRows; row++)
        {
            float norm = row == 0 ? norm0 : row == 1 ? norm1 : row == 2 ? norm2 : norm3;
            float max = row == 0 ? max0 : row == 1 ? max1 : row == 2 ? max2 : max3;
            int token = (sequence * shape.NewTokens) + ((row0 + row) / share);
            int head = (kvHead * share) + ((row0 + row) % share);
            long slot = ((((long)token * shape.Heads) + head) * shape.Splits) + Grid.IdxZ;
            for (int channel = lane; channel < width; channel += lanes)
            {
                float sum = shared[sums + (row * width) + channel];
                if (shape.Splits == 1)
                {
                    result[((long)token * shape.ResultStride) + (head * width) + channel] = sum / norm;
                }
                else
                {
                    partial[(slot * (width + 2)) + channel] = sum;
                }
            }

            if (shape.Splits > 1 && lane == 0)
            {
                partial[(slot * (width + 2)) + width] = max;
                partial[(slot * (width + 2)) + width + 1] = norm;
            }
        }
    }

    /// <summary>The result from the partial sums of all splits. A thread has one channel of one head of one token.</summary>
    [DeviceKernel]
    public static void Combine(ArrayView<float> partial, ArrayView<float> result, int count, AttentionShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int pitch = shape.HeadDim + 2;
        int channel = element % shape.HeadDim;
        int tokenHead = element / shape.HeadDim;
        long first = (long)tokenHead * shape.Splits * pitch;
        float max = Lowest;
        for (int split = 0; split < shape.Splits; split++)
        {
            float other = partial[first + (split * pitch) + shape.HeadDim];
            max = other > max ? other : max;
        }

        float sum = 0;
        float norm = 0;
        for (int split = 0; split < shape.Splits; split++)
        {
            long at = first + (split * pitch);
            float factor = DeviceMath.Exp(partial[at + shape.HeadDim] - max);
            sum += factor * partial[at + channel];
            norm += factor * partial[at + shape.HeadDim + 1];
        }

        int token = tokenHead / shape.Heads;
        result[((long)token * shape.ResultStride) + ((tokenHead % shape.Heads) * shape.HeadDim) + channel] = sum / norm;
    }

    /// <summary>Shared memory of a warp: its queries, its sums and the weights of the keys at hand.</summary>
    public static int SharedValues(int headDim, int lanes) => (2 * Rows * headDim) + (Rows * lanes);

    // Of a causal attention a token sees what came before the step and the new tokens up to itself.
    private static int Seen(AttentionShape shape, int token) =>
        shape.Bidirectional != 0 ? shape.Context : shape.Context - shape.NewTokens + 1 + token;

    // Where the bias of a head for key 0 stands, as a token sees it.
    private static long FirstBias(AttentionShape shape, int token, int head) =>
        ((long)head * ((2 * shape.BiasReach) + 1)) + shape.BiasReach - (shape.Context - shape.NewTokens + token);

    // Turns the score of this lane's key into its weight, and returns the factor for what was summed so far.
    private static float Weigh(ref float max, ref float norm, ref float score, bool seen)
    {
        float newMax = Reductions.WarpMax(seen ? score : Lowest);
        newMax = max > newMax ? max : newMax;
        float decay = DeviceMath.Exp(max - newMax);
        score = seen ? DeviceMath.Exp(score - newMax) : 0;
        norm = (norm * decay) + score;
        max = newMax;
        return decay;
    }
}
