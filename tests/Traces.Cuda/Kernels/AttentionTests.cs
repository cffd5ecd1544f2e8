using CsCheck;
using ILGPU;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Kernels;

/// <summary>The cache, rotation and attention against loops in double precision.</summary>
public class AttentionTests
{
    private sealed record Case(int Seed, DataType KvType, int Sequences, int Before, int New, int Share, int KvHeads, int HeadDim, int Spare);

    private static readonly Gen<Case> Short =
        from seed in Gen.Int
        from type in Gen.OneOf(Gen.Const(DataType.Fp32), Gen.Const(DataType.Fp16), Gen.Const(DataType.Bf16))
        from sequences in Gen.Int[1, 3]
        from lengths in Gen.Select(Gen.Int[0, 40], Gen.OneOf(Gen.Const(1), Gen.Int[1, 12]), Gen.Int[0, 5])
        from share in Gen.Int[1, 5]
        from kvHeads in Gen.Int[1, 3]
        from half in Gen.Int[1, 9]
        select new Case(seed, type, sequences, lengths.Item1, lengths.Item2, share, kvHeads, 2 * half, lengths.Item3);

    // From 256 keys on the context is split over several warps, and their parts are added up.
    private static readonly Gen<Case> Long =
        from one in Short
        from before in Gen.Int[254, 400]
        select one with { Before = before, New = Math.Min(one.New, 2), Sequences = 1, KvHeads = 1, HeadDim = Math.Min(one.HeadDim, 8) };

    public static TheoryData<string> Devices => TestDevices.All;

    public static TheoryData<string> Quick => TestDevices.Quick;

    [Theory]
    [MemberData(nameof(Devices))]
    public void Attention_is_the_softmax_over_what_came_before(string name) => Short.Sample(name, c => Check(TestDevices.Get(name), c));

    [Theory]
    [MemberData(nameof(Quick))]
    public void A_long_context_in_parts_gives_the_same_as_a_whole(string name) => Long.Sample(name, c => Check(TestDevices.Get(name), c));

    [Fact]
    public void Few_warps_split_a_long_context_and_many_do_not()
    {
        KernelLauncher launcher = new(TestDevices.Get(TestDevices.Small));
        Assert.Equal(16, launcher.MaxSplits(1));
        Assert.Equal(4, launcher.MaxSplits(4));
        Assert.Equal(1, launcher.MaxSplits(1000));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Queries_and_keys_are_turned_by_their_angles_and_nothing_else_is(string name) =>
        Gen.Select(Short, Gen.Enum<RopePairs>(), Gen.Double[0, 1]).Sample(name, (c, order, part) =>
        {
            CudaDevice device = TestDevices.Get(name);
            using DeviceData data = new(device);
            Random random = new(c.Seed);
            int heads = c.Share * c.KvHeads;
            int pairs = Math.Max(1, (int)(part * c.HeadDim / 2));
            int capacity = c.Before + c.New;
            double[,] angles = Close.Random(random, capacity, pairs, 3);
            double[,] qkv = Close.Random(random, c.Sequences * c.New, (heads + (2 * c.KvHeads)) * c.HeadDim);
            ArrayView<float> table = data.Vector(
                Enumerable.Range(0, capacity * pairs).SelectMany(at => new[] { Math.Cos(angles[at / pairs, at % pairs]), Math.Sin(angles[at / pairs, at % pairs]) }));

            CudaTensor tensor = data.Tensor(qkv);
            data.Launcher.Rope(tensor, table, pairs, order, Shape(c, tensor));

            double[,] expected = (double[,])qkv.Clone();
            for (int row = 0; row < qkv.GetLength(0); row++)
            {
                for (int head = 0; head < heads + c.KvHeads; head++)
                {
                    for (int pair = 0; pair < pairs; pair++)
                    {
                        int first = (head * c.HeadDim) + (order == RopePairs.Halves ? pair : 2 * pair);
                        int second = order == RopePairs.Halves ? first + pairs : first + 1;
                        double angle = angles[c.Before + (row % c.New), pair];
                        expected[row, first] = (qkv[row, first] * Math.Cos(angle)) - (qkv[row, second] * Math.Sin(angle));
                        expected[row, second] = (qkv[row, first] * Math.Sin(angle)) + (qkv[row, second] * Math.Cos(angle));
                    }
                }
            }

            // Two products with rounded factors, one sum; numbers below 1.
            Close.Check(expected, data.Read(tensor), (_, _) => 6 * Close.Epsilon);
        });

    private static void Check(CudaDevice device, Case c)
    {
        using DeviceData data = new(device);
        Random random = new(c.Seed);
        int capacity = c.Before + c.New + c.Spare;
        int values = c.Sequences * capacity * c.KvHeads * c.HeadDim;
        double[,] qkv;
        float[,] actual;
        double[,] expected;
        if (c.KvType == DataType.Fp32)
        {
            (qkv, actual, expected) = Run(device, data, c, random, data.Upload(new float[values]), data.Upload(new float[values]));
        }
        else
        {
            (qkv, actual, expected) = Run(device, data, c, random, data.Upload(new ushort[values]), data.Upload(new ushort[values]));
        }

        // Scores of up to 3 x HeadDim terms are off by their own rounding, and that is the relative error of a weight; the weighted mean of
        // numbers below 1 adds as many roundings as there are keys.
        double bound = (20 + (3 * c.HeadDim) + c.Before + c.New) * Close.Epsilon;
        Assert.True(qkv.Length > 0);
        Close.Check(expected, actual, (_, _) => bound);
    }

    // The cache is filled by one append, as a prompt would; then the newest tokens attend.
    private static (double[,] Qkv, float[,] Actual, double[,] Expected) Run<T>(
        CudaDevice device, DeviceData data, Case c, Random random, ArrayView<T> keys, ArrayView<T> values)
        where T : unmanaged
    {
        int heads = c.Share * c.KvHeads;
        int width = (heads + (2 * c.KvHeads)) * c.HeadDim;
        int context = c.Before + c.New;
        double[,] all = Close.Random(random, c.Sequences * context, width, 1.5);
        CudaTensor everything = data.Tensor(all);
        AttentionShape prompt = Shape(c, everything) with { NewTokens = context };
        data.Launcher.Append(everything, keys, values, c.KvType, prompt);

        double[,] newest = new double[c.Sequences * c.New, width];
        for (int row = 0; row < newest.GetLength(0); row++)
        {
            for (int column = 0; column < width; column++)
            {
                newest[row, column] = all[(row / c.New * context) + c.Before + (row % c.New), column];
            }
        }

        CudaTensor queries = data.Tensor(newest);
        CudaTensor result = data.Empty(newest.GetLength(0), heads * c.HeadDim);
        data.Launcher.Attend(queries, keys, values, c.KvType, bias: null, c.Sequences, Shape(c, queries) with { ResultStride = result.Stride }, result, data.Pool);
        device.Accelerator.Synchronize();
        return (newest, data.Read(result), Expected(c, all));
    }

    private static double[,] Expected(Case c, double[,] all)
    {
        int heads = c.Share * c.KvHeads;
        int context = c.Before + c.New;
        double[,] expected = new double[c.Sequences * c.New, heads * c.HeadDim];
        for (int row = 0; row < expected.GetLength(0); row++)
        {
            int first = row / c.New * context;
            int self = first + c.Before + (row % c.New);
            for (int head = 0; head < heads; head++)
            {
                int key = (heads + (head / c.Share)) * c.HeadDim;
                double[] weights = new double[self - first + 1];
                for (int other = first; other <= self; other++)
                {
                    double score = 0;
                    for (int channel = 0; channel < c.HeadDim; channel++)
                    {
                        score += all[self, (head * c.HeadDim) + channel] * Stored(c.KvType, all[other, key + channel]);
                    }

                    weights[other - first] = Math.Exp(score / Math.Sqrt(c.HeadDim));
                }

                for (int channel = 0; channel < c.HeadDim; channel++)
                {
                    double sum = 0;
                    for (int other = first; other <= self; other++)
                    {
                        sum += weights[other - first] * Stored(c.KvType, all[other, key + (c.KvHeads * c.HeadDim) + channel]);
                    }

                    expected[row, (head * c.HeadDim) + channel] = sum / weights.Sum();
                }
            }
        }

        return expected;
    }

    private static double Stored(DataType type, double value) => Storage.Round(type, value);

    private static AttentionShape Shape(Case c, CudaTensor qkv) => new()
    {
        NewTokens = c.New,
        Context = c.Before + c.New,
        Capacity = c.Before + c.New + c.Spare,
        Heads = c.Share * c.KvHeads,
        KvHeads = c.KvHeads,
        HeadDim = c.HeadDim,
        InputStride = qkv.Stride,
        FirstKey = c.Share * c.KvHeads * c.HeadDim,
        Scale = 1f / MathF.Sqrt(c.HeadDim),
    };
}
