using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;
using OtherBackend = PimSim.Traces.Cuda.Tests.Reference.PlainBackend;
using OtherTensor = PimSim.Traces.Cuda.Tests.Reference.PlainTensor;

namespace PimSim.Traces.Cuda.Tests;

/// <summary>Whole models against another backend: another name above and its <see cref="Read(OtherTensor)"/> is all that a third one needs.</summary>
public class CudaModelTests
{
    public static TheoryData<string, string, DataType, DataType> Cases
    {
        get
        {
            TheoryData<string, string, DataType, DataType> cases = [];
            foreach (string model in SmallModels.Names.Select(row => row.Data))
            {
                foreach (string device in (string[])[TestDevices.Small, TestDevices.Gpu])
                {
                    foreach (DataType weights in Enum.GetValues<DataType>())
                    {
                        cases.Add(model, device, weights, (DataType)((int)weights % 3));
                    }
                }
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Prompts_new_tokens_and_rolled_back_ones_give_the_same_logits(string model, string device, DataType weightType, DataType kvType)
    {
        CudaDevice found = TestDevices.Get(device);
        (ModelShape shape, ModelNumerics numerics) = SmallModels.Get(model);
        using PlainWeights weights = new(shape with { WeightType = weightType, KvType = kvType }, numerics, seed: 1, groupSize: weightType >= DataType.Int8 ? 4 : 0);
        using CudaBackend cuda = new(weights, found);
        OtherBackend other = new(weights);
        DecoderModel<CudaTensor> left = new(cuda);
        DecoderModel<OtherTensor> right = new(other);
        const int Sequences = 2;
        using CudaKvCache leftCache = (CudaKvCache)cuda.CreateCache(Sequences, 30);
        KvCache rightCache = other.CreateCache(Sequences, 30);

        // A prompt of many rows, two steps of one token, three tokens at once of which two are taken back, and one more.
        Random random = new(2);
        foreach ((int tokens, int keep) in ((int, int)[])[(9, 9), (1, 10), (1, 11), (3, 12), (1, 13)])
        {
            int[] ids = [.. Enumerable.Range(0, Sequences * tokens).Select(_ => random.Next(shape.Vocab))];
            CudaTensor actual = left.Forward(ids, leftCache);
            OtherTensor expected = right.Forward(ids, rightCache);
            float[] actualValues = new float[actual.Rows * actual.Columns];
            cuda.Read(actual, actualValues);
            CompareLogits(Read(expected), actualValues, kvType);

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
    private static void CompareLogits(double[] expected, float[] actual, DataType kvType)
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

    private static double[] Read(OtherTensor tensor) => [.. tensor.Values.SelectMany(row => row)];
}
