using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests;

/// <summary>Whole small models on a device and on another backend.</summary>
internal static class SameLogits
{
    private const int Sequences = 2;

    /// <summary>A prompt of many rows, two steps of one token, three tokens at once of which two are taken back, and one more.</summary>
    private static readonly (int Tokens, int Keep)[] Steps = [(9, 9), (1, 10), (1, 11), (3, 12), (1, 13)];

    /// <summary>Every model with some storages of weights on the quick devices.</summary>
    public static MatrixTheoryData<string, string, DataType> Cases(params DataType[] weightTypes) =>
        new(SmallModels.Names.Select(row => row.Data), TestDevices.Quick.Select(row => row.Data), weightTypes);

    public static void Check<TOther>(
        string model, string device, DataType weightType, DataType kvType, Func<PlainWeights, IBackend<TOther>> open, Func<TOther, double[]> read)
        where TOther : ITensor
    {
        CudaDevice found = TestDevices.Get(device);
        (ModelShape shape, ModelNumerics numerics) = SmallModels.Get(model);
        using PlainWeights weights = new(shape with { WeightType = weightType, KvType = kvType }, numerics, seed: 1, groupSize: weightType >= DataType.Int8 ? 4 : 0);
        using CudaBackend cuda = new(weights, found);
        IBackend<TOther> other = open(weights);
        using var owned = other as IDisposable;
        DecoderModel<CudaTensor> left = new(cuda);
        DecoderModel<TOther> right = new(other);
        using var leftCache = (CudaKvCache)cuda.CreateCache(Sequences, 30);
        KvCache rightCache = other.CreateCache(Sequences, 30);
        Random random = new(2);
        foreach ((int tokens, int keep) in Steps)
        {
            int[] ids = [.. Enumerable.Range(0, Sequences * tokens).Select(_ => random.Next(shape.Vocab))];
            CudaTensor actual = left.Forward(ids, leftCache);
            TOther expected = right.Forward(ids, rightCache);
            float[] values = new float[actual.Rows * actual.Columns];
            cuda.Read(actual, values);
            Compare(read(expected), values, kvType);

            int[] chosen = new int[Sequences];
            int[] otherChosen = new int[Sequences];
            cuda.Sample(actual, chosen);
            other.Sample(expected, otherChosen);
            Assert.Equal(otherChosen, chosen);
            leftCache.Truncate(keep);
            rightCache.Truncate(keep);
        }
    }

    // Logits are around 1. Singles leave 2^-24 of each of some hundred terms. A key or value that lies between two stored numbers may fall
    // the other way after a difference of one unit, and then differs by a whole unit of its storage.
    private static void Compare(double[] expected, float[] actual, DataType kvType)
    {
        double tolerance = kvType switch
        {
            DataType.Fp32 => 1e-5,
            DataType.Fp16 => 1e-3,
            _ => 1e-2,
        };
        Assert.Equal(expected.Length, actual.Length);
        for (int index = 0; index < expected.Length; index++)
        {
            Assert.Equal(expected[index], actual[index], tolerance);
        }
    }
}
