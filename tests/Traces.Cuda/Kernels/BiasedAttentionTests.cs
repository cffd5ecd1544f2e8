using CsCheck;
using ILGPU;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Kernels;

/// <summary>
/// What encoder-decoders ask of attention beyond decoders: queries apart from keys and values, in view of everything or causal, scores with a
/// bias for the distance and with any factor. Against loops in double precision.
/// </summary>
public class BiasedAttentionTests
{
    private sealed record Case(int Seed, DataType KvType, int Sequences, int Context, int New, int Share, int KvHeads, int HeadDim, bool Bidirectional, bool Biased, float Scale);

    // Only queries of another text, without a distance to the keys, may be more than these.
    private static readonly Gen<Case> Short =
        from seed in Gen.Int
        from type in Gen.OneOf(Gen.Const(DataType.Fp32), Gen.Const(DataType.Fp16), Gen.Const(DataType.Bf16))
        from sequences in Gen.Int[1, 3]
        from lengths in Gen.Select(Gen.Int[1, 40], Gen.OneOf(Gen.Const(1), Gen.Int[1, 12]))
        from heads in Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3])
        from width in Gen.Int[1, 17]
        from flags in Gen.Select(Gen.Bool, Gen.Bool)
        from scale in Gen.Float[0.1f, 1f]
        let context = Math.Max(lengths.Item1, flags.Item1 && !flags.Item2 ? 1 : lengths.Item2)
        select new Case(seed, type, sequences, context, lengths.Item2, heads.Item1, heads.Item2, width, flags.Item1, flags.Item2, scale);

    // From 256 keys on the context is split over several warps.
    private static readonly Gen<Case> Long =
        from one in Short
        from context in Gen.Int[256, 400]
        select one with { Context = context, New = Math.Min(one.New, 2), Sequences = 1, KvHeads = 1, HeadDim = Math.Min(one.HeadDim, 8) };

    public static TheoryData<string> Devices => TestDevices.All;

    public static TheoryData<string> Quick => TestDevices.Quick;

    [Theory]
    [MemberData(nameof(Devices))]
    public void Attention_is_the_softmax_of_scaled_and_biased_scores_over_what_is_in_view(string name) => Short.Sample(name, c => Check(TestDevices.Get(name), c));

    [Theory]
    [MemberData(nameof(Quick))]
    public void So_it_is_over_a_long_context_in_parts(string name) => Long.Sample(name, c => Check(TestDevices.Get(name), c));

    private static void Check(CudaDevice device, Case c)
    {
        using DeviceData data = new(device);
        Random random = new(c.Seed);
        int reach = c.Context + random.Next(3);
        int heads = c.Share * c.KvHeads;
        double[,] queries = Close.Random(random, c.Sequences * c.New, heads * c.HeadDim);
        double[,] kv = Close.Random(random, c.Sequences * c.Context, 2 * c.KvHeads * c.HeadDim);
        double[,] bias = Close.Random(random, heads, (2 * reach) + 1, 2);
        int capacity = c.Context + random.Next(4);
        int values = c.Sequences * capacity * c.KvHeads * c.HeadDim;
        float[,] actual = c.KvType == DataType.Fp32
            ? Run(data, c, queries, kv, bias, capacity, data.Upload(new float[values]), data.Upload(new float[values]))
            : Run(data, c, queries, kv, bias, capacity, data.Upload(new ushort[values]), data.Upload(new ushort[values]));

        // As without a bias, which adds a rounding of a score of up to HeadDim + 2.
        double bound = (22 + (4 * c.HeadDim) + c.Context) * Close.Epsilon;
        Close.Check(Expected(c, queries, kv, bias, reach), actual, (_, _) => bound);
    }

    private static float[,] Run<T>(DeviceData data, Case c, double[,] queries, double[,] kv, double[,] bias, int capacity, ArrayView<T> keys, ArrayView<T> values)
        where T : unmanaged
    {
        CudaTensor appended = data.Tensor(kv);
        CudaTensor asked = data.Tensor(queries);
        CudaTensor result = data.Empty(asked.Rows, asked.Columns);
        AttentionShape shape = new()
        {
            NewTokens = c.Context,
            Context = c.Context,
            Capacity = capacity,
            Heads = c.Share * c.KvHeads,
            KvHeads = c.KvHeads,
            HeadDim = c.HeadDim,
            InputStride = appended.Stride,
            Bidirectional = c.Bidirectional ? 1 : 0,
            HasBias = c.Biased ? 1 : 0,
            BiasReach = bias.GetLength(1) / 2,
            Scale = c.Scale,
        };
        data.Launcher.Append(appended, keys, values, c.KvType, shape);
        shape.NewTokens = c.New;
        shape.InputStride = asked.Stride;
        shape.ResultStride = result.Stride;
        data.Launcher.Attend(asked, keys, values, c.KvType, c.Biased ? data.Vector(bias.Cast<double>()) : null, c.Sequences, shape, result, data.Pool);
        return data.Read(result);
    }

    private static double[,] Expected(Case c, double[,] queries, double[,] kv, double[,] bias, int reach)
    {
        double[,] expected = new double[queries.GetLength(0), queries.GetLength(1)];
        for (int row = 0; row < queries.GetLength(0); row++)
        {
            int position = c.Context - c.New + (row % c.New);
            int seen = c.Bidirectional ? c.Context : position + 1;
            int first = row / c.New * c.Context;
            for (int head = 0; head < c.Share * c.KvHeads; head++)
            {
                int column = head / c.Share * c.HeadDim;
                double[] weights = new double[seen];
                for (int key = 0; key < seen; key++)
                {
                    double score = 0;
                    for (int channel = 0; channel < c.HeadDim; channel++)
                    {
                        score += queries[row, (head * c.HeadDim) + channel] * Storage.Round(c.KvType, kv[first + key, column + channel]);
                    }

                    weights[key] = Math.Exp((score * c.Scale) + (c.Biased ? bias[head, reach + key - position] : 0));
                }

                for (int channel = 0; channel < c.HeadDim; channel++)
                {
                    int value = (c.KvHeads * c.HeadDim) + column + channel;
                    expected[row, (head * c.HeadDim) + channel] =
                        Enumerable.Range(0, seen).Sum(key => weights[key] * Storage.Round(c.KvType, kv[first + key, value])) / weights.Sum();
                }
            }
        }

        return expected;
    }
}
