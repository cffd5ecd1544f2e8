using CsCheck;
using PimSim.Traces.Cuda.Memory;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests;

/// <summary>Whole small encoder-decoders against double precision and against the processor's backend, and what is promised beside numbers.</summary>
public class CudaEncoderDecoderTests
{
    private static readonly int[] Input = [.. Enumerable.Range(0, 18).Select(index => ((index * 31) + 5) % 67)];

    public static TheoryData<string> Devices => TestDevices.Quick;

    /// <summary>Two of T5 and one with layer normalisations, learned positions and biases.</summary>
    public static TheoryData<string, string, DataType> Cases
    {
        get
        {
            TheoryData<string, string, DataType> cases = [];
            foreach (string device in TestDevices.Quick.Select(row => row.Data))
            {
                cases.Add("t5", device, DataType.Fp32);
                cases.Add("t5", device, DataType.Fp16);
                cases.Add("flan-t5", device, DataType.Bf16);
                cases.Add("learned", device, DataType.Fp32);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Any_model_gives_the_logits_of_double_precision(string name)
    {
        CudaDevice device = TestDevices.Get(name);
        RandomEncoderDecoder.Any.Sample(
            model =>
            {
                using IEncoderDecoderWeights weights = RandomEncoderDecoderWeights.Create(model.Shape with { KvType = DataType.Fp32 }, model.Numerics, model.Seed);
                using CudaEncoderDecoderBackend cuda = new(weights, device);
                using CudaKvCache cache = (CudaKvCache)cuda.CreateCache(model.Inputs.Length, RandomEncoderDecoder.Positions);
                using CudaKvCache cross = (CudaKvCache)cuda.CreateCrossCache(model.Inputs.Length, RandomEncoderDecoder.Positions);
                EncoderDecoderModel<CudaTensor> decoder = new(cuda);
                decoder.Encode([.. model.Inputs.SelectMany(input => input)], cross);
                int cut = (int)(model.Seed % (ulong)model.Outputs[0].Length);
                if (cut > 0)
                {
                    decoder.Forward([.. model.Outputs.SelectMany(output => output[..cut])], cache, cross);
                }

                float[] logits = Read(cuda, decoder.Forward([.. model.Outputs.SelectMany(output => output[cut..])], cache, cross));
                ReferenceEncoderDecoder reference = new(weights);
                for (int sequence = 0; sequence < model.Inputs.Length; sequence++)
                {
                    double[] expected = reference.Logits(model.Inputs[sequence], model.Outputs[sequence])[^1];
                    AssertNear(expected, logits.AsSpan(sequence * expected.Length, expected.Length), DataType.Fp32);
                }
            },
            iter: name == TestDevices.Gpu ? 100 : 8,
            threads: 1);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inputs_outputs_and_rolled_back_ones_give_the_logits_of_the_processor(string model, string device, DataType kvType)
    {
        CudaDevice found = TestDevices.Get(device);
        using IEncoderDecoderWeights drawn = RandomEncoderDecoder.Weights(model);
        using KvTyped weights = new(drawn, kvType);
        using CudaEncoderDecoderBackend cuda = new(weights, found);
        using CpuEncoderDecoderBackend cpu = new(drawn, threads: 1);
        EncoderDecoderModel<CudaTensor> left = new(cuda);
        EncoderDecoderModel<CpuTensor> right = new(cpu);
        using CudaKvCache cache = (CudaKvCache)cuda.CreateCache(2, 12);
        using CudaKvCache cross = (CudaKvCache)cuda.CreateCrossCache(2, 12);
        KvCache otherCache = cpu.CreateCache(2, 12);
        KvCache otherCross = cpu.CreateCrossCache(2, 12);
        Random random = new(3);
        foreach (int inputTokens in (int[])[9, 1])
        {
            left.Encode(Input.AsSpan(0, 2 * inputTokens), cross);
            right.Encode(Input.AsSpan(0, 2 * inputTokens), otherCross);
            cache.Truncate(0);
            otherCache.Truncate(0);
            foreach ((int tokens, int keep) in ((int, int)[])[(1, 1), (1, 2), (4, 4), (3, 7)])
            {
                int[] ids = [.. Enumerable.Range(0, 2 * tokens).Select(_ => random.Next(67))];
                CudaTensor actual = left.Forward(ids, cache, cross);
                CpuTensor expected = right.Forward(ids, otherCache, otherCross);
                double[] numbers = [.. Enumerable.Range(0, 2).SelectMany(row => expected.Row(row).ToArray()).Select(value => (double)value)];
                AssertNear(numbers, Read(cuda, actual), kvType);
                int[] chosen = new int[2];
                int[] otherChosen = new int[2];
                cuda.Sample(actual, chosen);
                cpu.Sample(expected, otherChosen);
                Assert.Equal(otherChosen, chosen);
                cache.Truncate(keep);
                otherCache.Truncate(keep);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_generation_records_the_operators_of_the_shape_and_each_has_a_time(string name)
    {
        using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights("t5");
        using CudaEncoderDecoderBackend cuda = new(weights, TestDevices.Get(name));
        Assert.Equal(weights.Shape with { ActivationType = DataType.Fp32 }, cuda.Shape);
        EngineSession<CudaTensor> session = new(cuda, 2, 9, 5, cuda.Clock);
        EngineSession<ShapeTensor> shapes = new(new ShapeEncoderDecoderBackend(cuda.Shape), 2, 9, 5);
        session.Encode(Input);
        shapes.Encode(Input);
        Compare(shapes.Commit(0), session.Commit(0));
        int[] chosen = [session.StartToken, session.StartToken];
        foreach (Phase phase in (Phase[])[Phase.Prefill, Phase.Decode])
        {
            session.Sample(session.Forward(chosen, phase), chosen);
            shapes.Sample(shapes.Forward(chosen, phase), new int[2]);
            Compare(shapes.Commit(2), session.Commit(2));
        }

        ((CudaKvCache)session.Cache).Dispose();
        ((CudaKvCache)session.CrossCache!).Dispose();

        static void Compare(Step expected, Step step)
        {
            Assert.Equal(expected.Blocks.Select(block => block.Repeat), step.Blocks.Select(block => block.Repeat));
            Assert.Equal(expected.Blocks.SelectMany(block => block.Operators), step.Blocks.SelectMany(block => block.Operators));
            Assert.Equal(step.Blocks.Sum(block => block.Count), step.MeasuredNanoseconds.Length);
            Assert.All(step.MeasuredNanoseconds, nanoseconds => Assert.True(nanoseconds > 0));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Equal_steps_give_equal_bits_and_take_no_more_memory(string name)
    {
        using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights("flan-t5");
        using CudaEncoderDecoderBackend cuda = new(weights, TestDevices.Get(name));
        EncoderDecoderModel<CudaTensor> model = new(cuda);
        using CudaKvCache cache = (CudaKvCache)cuda.CreateCache(2, 4);
        using CudaKvCache cross = (CudaKvCache)cuda.CreateCrossCache(2, 9);
        float[] first = Step();
        long bytes = 0;
        for (int again = 0; again < 3; again++)
        {
            Assert.Equal(first, Step());
            Assert.True(again == 0 || cuda.ActivationBytes == bytes);
            bytes = cuda.ActivationBytes;
        }

        // A cache that reaches further moves the biases, and changes nothing.
        using CudaKvCache longer = (CudaKvCache)cuda.CreateCache(2, 30);
        using CudaKvCache longerCross = (CudaKvCache)cuda.CreateCrossCache(2, 30);
        Assert.Equal(first, Step());

        float[] Step()
        {
            cache.Truncate(0);
            model.Encode(Input, cross);
            return Read(cuda, model.Forward([1, 2, 3, 4], cache, cross));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void What_does_not_fit_the_model_is_refused(string name)
    {
        using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights("t5");
        using CudaEncoderDecoderBackend cuda = new(weights, TestDevices.Get(name));
        using CudaEncoderDecoderBackend other = new(weights, TestDevices.Get(name));
        EncoderDecoderModel<CudaTensor> model = new(cuda);
        using CudaKvCache cache = (CudaKvCache)cuda.CreateCache(2, 9);
        using CudaKvCache cross = (CudaKvCache)cuda.CreateCrossCache(2, 9);
        using CudaKvCache foreign = (CudaKvCache)other.CreateCrossCache(2, 9);
        Assert.Throws<InvalidOperationException>(() => model.Forward([1, 2], cache, cross));
        Assert.Throws<ArgumentException>(() => model.Encode([1, 2, 3], cross));
        Assert.Throws<PimSimUserException>(() => model.Encode(new int[20], cross));
        Assert.Throws<ArgumentException>(() => model.Encode([1, 67], cross));
        Assert.Throws<ArgumentException>(() => model.Encode([1, 2], cache));
        Assert.Throws<ArgumentException>(() => model.Encode([1, 2], foreign));
        model.Encode([1, 2, 3, 4], cross);
        Assert.Throws<ArgumentException>(() => model.Forward([1, 2], cross, cross));
        Assert.Throws<ArgumentException>(() => model.Forward([1, 2], cache, cache));
        CudaTensor x = cuda.Embed([1, 2]);
        Assert.Throws<ArgumentException>(() => cuda.CrossAttention(x, cross, 0));
        Assert.Throws<ArgumentException>(() => cuda.AppendCrossKv(x, cross, 0));
        Assert.Throws<ArgumentException>(() => cuda.Attention(x, cache, 3));
        Assert.Throws<ArgumentException>(() => cuda.Linear(x, ModelStack.Encoder, OperatorRole.QkvProjection, 2));
        Assert.ThrowsAny<ArgumentException>(() => cuda.Linear(x, ModelStack.Encoder, OperatorRole.LmHead, 0));
        Assert.ThrowsAny<ArgumentException>(() => cuda.Norm(x, ModelStack.Encoder, OperatorRole.CrossAttentionNorm, 0));
        Assert.Throws<ArgumentException>(() => cuda.EmbedPositions(2, cache, ModelStack.Decoder));
        Assert.Throws<ArgumentException>(() => cuda.Add(x, cuda.Embed([1]), OperatorRole.Residual));
        Assert.Throws<InvalidOperationException>(() => other.LastRows(x, 1));
    }

    [Fact]
    public void Caches_in_integers_and_weights_that_do_not_fit_are_refused()
    {
        using IEncoderDecoderWeights drawn = RandomEncoderDecoder.Weights("t5");
        using KvTyped weights = new(drawn, DataType.Int8);
        Assert.Contains("int8", Assert.Throws<PimSimUserException>(() => new CudaEncoderDecoderBackend(weights, TestDevices.Get(TestDevices.Small))).Message, StringComparison.Ordinal);

        // Rows of whole 16 bytes. The table is the head too; two layers of the encoder have four matrices, three of the decoder seven.
        long encoder = (36L * ((3 * 30) + 70)) + (36 * (32 + 72));
        long decoder = encoder + (36 * 3 * 30) + (36 * 32);
        long bytes = 4 * ((67 * 36) + (2 * encoder) + (3 * decoder));
        DeviceEncoderDecoder.CheckMemory(drawn, "a device", bytes);
        Assert.Matches("the weights of t5-like take .* GB", Assert.Throws<PimSimUserException>(() => DeviceEncoderDecoder.CheckMemory(drawn, "a device", bytes - 1)).Message);
    }

    private static float[] Read(CudaEncoderDecoderBackend cuda, CudaTensor tensor)
    {
        float[] values = new float[tensor.Rows * tensor.Columns];
        cuda.Read(tensor, values);
        return values;
    }

    // Of the largest logit, as for decoders, with twice their layers. A cache of narrower numbers is off by half a unit of its 11 or 8 bits,
    // and some of that adds up over layers.
    private static void AssertNear(double[] expected, ReadOnlySpan<float> actual, DataType kvType)
    {
        double tolerance = kvType switch
        {
            DataType.Fp32 => 1e-5,
            DataType.Fp16 => 1e-3,
            _ => 1e-2,
        };
        double largest = expected.Max(Math.Abs);
        Assert.Equal(expected.Length, actual.Length);
        for (int index = 0; index < expected.Length; index++)
        {
            Assert.True(Math.Abs(expected[index] - actual[index]) <= tolerance * largest, $"logit {index}: {actual[index]}, not {expected[index]}, off by {Math.Abs(expected[index] - actual[index]) / largest} of the largest");
        }
    }

    // The same weights with another cache.
    private sealed class KvTyped(IEncoderDecoderWeights weights, DataType kvType) : IEncoderDecoderWeights
    {
        public EncoderDecoderShape Shape { get; } = weights.Shape with { KvType = kvType };

        public EncoderDecoderNumerics Numerics => weights.Numerics;

        public WeightTensor TokenEmbedding => weights.TokenEmbedding;

        public WeightTensor Positions(ModelStack stack) => weights.Positions(stack);

        public WeightTensor Matrix(ModelStack stack, OperatorRole role, int layer) => weights.Matrix(stack, role, layer);

        public ReadOnlySpan<float> Bias(ModelStack stack, OperatorRole role, int layer) => weights.Bias(stack, role, layer);

        public ReadOnlySpan<float> NormScale(ModelStack stack, OperatorRole role, int layer) => weights.NormScale(stack, role, layer);

        public ReadOnlySpan<float> NormShift(ModelStack stack, OperatorRole role, int layer) => weights.NormShift(stack, role, layer);

        public void Dispose()
        {
        }
    }
}
