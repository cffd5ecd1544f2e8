using PimSim.Traces.Cuda.Memory;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests;

/// <summary>What the backend promises beside its numbers.</summary>
public class CudaBackendTests
{
    public static TheoryData<string> Devices => TestDevices.Quick;

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_generation_records_the_operators_of_the_shape_that_is_held(string name)
    {
        using PlainWeights weights = Weights("LLaMA-like", DataType.Bf16);
        using CudaBackend cuda = new(weights, TestDevices.Get(name));
        Assert.Equal(weights.Shape with { ActivationType = DataType.Fp32 }, cuda.Shape);
        EngineSession<CudaTensor> session = new(cuda, 2, 12);
        EngineSession<ShapeTensor> shapes = new(new ShapeBackend(cuda.Shape), 2, 12);
        int[] chosen = new int[2];
        foreach (int tokens in (int[])[5, 1, 1])
        {
            session.Sample(session.Forward(new int[2 * tokens], Phase.Prefill), chosen);
            shapes.Sample(shapes.Forward(new int[2 * tokens], Phase.Prefill), chosen);
            Step step = session.Commit(2);
            Step expected = shapes.Commit(2);
            Assert.Equal(expected.Blocks.Select(block => block.Repeat), step.Blocks.Select(block => block.Repeat));
            Assert.Equal(expected.Blocks.SelectMany(block => block.Operators), step.Blocks.SelectMany(block => block.Operators));
        }

        ((CudaKvCache)session.Cache).Dispose();
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Every_recorded_operator_has_a_time_and_others_take_none(string name)
    {
        using PlainWeights weights = Weights("LLaMA-like", DataType.Fp32);
        using CudaBackend cuda = new(weights, TestDevices.Get(name));
        EngineSession<CudaTensor> session = new(cuda, 2, 12, cuda.Clock);
        int[] chosen = new int[2];
        foreach (int tokens in (int[])[3, 1])
        {
            session.Sample(session.Forward(new int[2 * tokens], Phase.Decode), chosen);
            Step step = session.Commit(2);
            Assert.Equal(step.Blocks.Sum(block => block.Count), step.MeasuredNanoseconds.Length);
            Assert.All(step.MeasuredNanoseconds, nanoseconds => Assert.True(nanoseconds > 0));
        }

        // Outside of a recording nothing is timed, and an operator that failed leaves nothing behind.
        cuda.Embed([1]);
        cuda.Clock.Begin();
        Assert.Throws<ArgumentException>(() => cuda.Embed([-1]));
        cuda.Clock.Begin();
        cuda.Embed([1]);
        cuda.Clock.End();
        cuda.Embed([1]);
        long[] times = new long[1];
        cuda.Clock.Read(times);
        Assert.True(times[0] > 0);
        cuda.Clock.Read([]);
        Assert.Throws<ArgumentException>(() => cuda.Clock.Read(times));
        cuda.Clock.Begin();
        Assert.Throws<InvalidOperationException>(() => cuda.Clock.End());
        ((CudaKvCache)session.Cache).Dispose();
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_tensor_lives_through_the_next_block_and_is_refused_after_it(string name)
    {
        using PlainWeights weights = Weights("LLaMA-like", DataType.Fp32);
        using CudaBackend cuda = new(weights, TestDevices.Get(name));
        CudaTensor first = cuda.Embed([1, 2, 3]);
        float[] before = new float[3 * 24];
        cuda.Read(first, before);
        cuda.BeginBlock();

        // As many as would overwrite it if its memory were free.
        for (int count = 0; count < 5; count++)
        {
            cuda.Embed([4, 5, 6]);
        }

        float[] after = new float[3 * 24];
        cuda.Read(first, after);
        Assert.Equal(before, after);
        cuda.BeginBlock();
        Assert.Throws<InvalidOperationException>(() => cuda.Norm(first, OperatorRole.FfnNorm, 0));
        Assert.Throws<InvalidOperationException>(() => cuda.LastRows(first, 1));
        Assert.Throws<InvalidOperationException>(() => cuda.Read(first, after));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Equal_steps_give_equal_bits_and_take_no_more_memory(string name)
    {
        using PlainWeights weights = Weights("GPT-2-like", DataType.Fp16);
        using CudaBackend cuda = new(weights, TestDevices.Get(name));
        DecoderModel<CudaTensor> model = new(cuda);
        using CudaKvCache cache = (CudaKvCache)cuda.CreateCache(2, 30);
        float[] first = Step();
        long bytes = 0;
        for (int again = 0; again < 4; again++)
        {
            cache.Truncate(0);
            Assert.Equal(first, Step());
            Assert.True(again == 0 || cuda.ActivationBytes == bytes);
            bytes = cuda.ActivationBytes;
        }

        float[] Step()
        {
            CudaTensor logits = model.Forward([1, 2, 3, 4, 5, 6], cache);
            float[] values = new float[logits.Rows * logits.Columns];
            cuda.Read(logits, values);
            return values;
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void What_does_not_fit_the_model_is_refused(string name)
    {
        using PlainWeights weights = Weights("LLaMA-like", DataType.Fp32);
        using CudaBackend cuda = new(weights, TestDevices.Get(name));
        using CudaKvCache cache = (CudaKvCache)cuda.CreateCache(2, 4);
        CudaTensor x = cuda.Embed([1, 2, 3, 4]);
        CudaTensor qkv = cuda.Linear(x, OperatorRole.QkvProjection, 0);
        Assert.Throws<ArgumentException>(() => cuda.Embed([weights.Shape.Vocab]));
        Assert.Throws<ArgumentException>(() => cuda.Embed([-1]));
        Assert.Throws<ArgumentException>(() => cuda.Attention(qkv, cache, 0));
        cache.Extend(2);
        Assert.Throws<ArgumentException>(() => cuda.Attention(x, cache, 0));
        Assert.Throws<ArgumentException>(() => cuda.Attention(qkv, new KvCache(cuda.Shape, 2, 4), 0));
        using CudaBackend other = new(weights, TestDevices.Get(name));
        Assert.Throws<ArgumentException>(() => other.Attention(other.Linear(other.Embed([1, 2, 3, 4]), OperatorRole.QkvProjection, 0), cache, 0));
        Assert.Throws<InvalidOperationException>(() => other.Norm(x, OperatorRole.FfnNorm, 0));
        Assert.Throws<ArgumentException>(() => cuda.Linear(x, OperatorRole.FfnDown, 0));
        Assert.Throws<ArgumentException>(() => cuda.Linear(x, OperatorRole.QkvProjection, 2));
        Assert.Throws<ArgumentException>(() => cuda.Norm(x, OperatorRole.FinalNorm, 1));
        Assert.Throws<ArgumentException>(() => cuda.Add(x, cuda.Embed([1]), OperatorRole.Residual));
        Assert.Throws<ArgumentException>(() => cuda.EmbedPositions(4, cache));
        Assert.Throws<ArgumentException>(() => cuda.Activate(x));
        Assert.Throws<ArgumentException>(() => cuda.LastRows(x, 3));
        Assert.Throws<ArgumentException>(() => cuda.Sample(x, new int[4]));
        Assert.Throws<ArgumentException>(() => cuda.Read(x, new float[5]));
        Assert.Throws<PimSimUserException>(() => cuda.CreateCache(1, weights.Shape.MaxPositions + 1));
    }

    [Theory]
    [InlineData(DataType.Int8, "int8")]
    [InlineData(DataType.Int4, "int4")]
    public void Keys_and_values_in_integers_are_refused_by_name(DataType type, string word)
    {
        (ModelShape shape, ModelNumerics numerics) = SmallModels.Get("LLaMA-like");
        using PlainWeights weights = new(shape with { KvType = type }, numerics, 1);
        PimSimUserException refused = Assert.Throws<PimSimUserException>(() => new CudaBackend(weights, TestDevices.Get(TestDevices.Small)));
        Assert.Contains(word, refused.Message, StringComparison.Ordinal);
        Assert.Contains("fp32, fp16, bf16", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_do_not_fit_are_refused_with_both_sizes()
    {
        using PlainWeights weights = Weights("LLaMA-like", DataType.Fp32);
        DeviceModel.CheckMemory(weights, "a device", 100_000);
        PimSimUserException refused = Assert.Throws<PimSimUserException>(() => DeviceModel.CheckMemory(weights, "a device", 20_000));
        Assert.Matches("the weights of LLaMA-like take .* GB, but a device has .* GB", refused.Message);

        // Three products of each of two layers and both tables, rows padded to 16 bytes.
        long bytes = (2L * ((60 * 24) + (24 * 36) + (40 * 24) + (24 * 20)) * 4) + (2 * 37 * 24 * 4);
        DeviceModel.CheckMemory(weights, "a device", bytes);
        Assert.Throws<PimSimUserException>(() => DeviceModel.CheckMemory(weights, "a device", bytes - 1));
    }

    [Fact]
    public void Weights_without_a_bias_that_the_model_has_are_refused()
    {
        (ModelShape shape, ModelNumerics numerics) = SmallModels.Get("LLaMA-like");
        using PlainWeights weights = new(shape, numerics, 1);
        Assert.Throws<ArgumentException>(() => new CudaBackend(new Reshaped(weights, shape with { Biases = BiasKind.Qkv }), TestDevices.Get(TestDevices.Small)));
        Assert.Throws<ArgumentException>(() => new CudaBackend(new Reshaped(weights, shape with { Norm = NormKind.LayerNorm }), TestDevices.Get(TestDevices.Small)));
        Assert.Throws<ArgumentException>(() => new CudaBackend(new Reshaped(weights, shape with { Ffn = 16 }), TestDevices.Get(TestDevices.Small)));
    }

    [Fact]
    public void Experts_and_norms_of_heads_are_refused_with_what_works()
    {
        (ModelShape shape, ModelNumerics numerics) = SmallModels.Get("LLaMA-like");
        using PlainWeights weights = new(shape, numerics, 1);
        foreach (ModelShape other in new[] { shape with { QueryKeyNorm = true }, shape with { Experts = 4, ExpertsPerToken = 2 } })
        {
            PimSimUserException refused = Assert.Throws<PimSimUserException>(() => new CudaBackend(new Reshaped(weights, other), TestDevices.Get(TestDevices.Small)));
            Assert.Contains("no CUDA kernels yet", refused.Message, StringComparison.Ordinal);
            Assert.Contains("cpu", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Without_a_GPU_opening_one_says_what_was_looked_for_and_what_works()
    {
        Assert.SkipWhen(CudaDevice.Count() > 0, "this machine has a CUDA device");
        PimSimUserException refused = Assert.Throws<PimSimUserException>(() => CudaDevice.Open());
        Assert.Contains("no CUDA device found", refused.Message, StringComparison.Ordinal);
        Assert.Contains("driver", refused.Message, StringComparison.Ordinal);
        Assert.Contains("cpu", refused.Message, StringComparison.Ordinal);
        Assert.Contains("shape", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_that_is_not_there_is_refused_by_its_number()
    {
        int count = CudaDevice.Count();
        Assert.SkipWhen(count == 0, "no CUDA device on this machine");
        PimSimUserException refused = Assert.Throws<PimSimUserException>(() => CudaDevice.Open(count));
        Assert.Contains($"no CUDA device {count}", refused.Message, StringComparison.Ordinal);
    }

    // The same weights under another shape.
    private sealed class Reshaped(PlainWeights weights, ModelShape shape) : IModelWeights
    {
        public ModelShape Shape => shape;

        public ModelNumerics Numerics => weights.Numerics;

        public WeightTensor TokenEmbedding => weights.TokenEmbedding;

        public WeightTensor? PositionEmbedding => weights.PositionEmbedding;

        public WeightTensor Matrix(OperatorRole role, int layer) => weights.Matrix(role, layer);

        public ReadOnlySpan<float> Bias(OperatorRole role, int layer) => weights.Bias(role, layer);

        public ReadOnlySpan<float> NormScale(OperatorRole role, int layer) => weights.NormScale(role, layer);

        public ReadOnlySpan<float> NormShift(OperatorRole role, int layer) => weights.NormShift(role, layer);

        public void Dispose()
        {
        }
    }

    private static PlainWeights Weights(string model, DataType type)
    {
        (ModelShape shape, ModelNumerics numerics) = SmallModels.Get(model);
        return new(shape with { WeightType = type }, numerics, 1);
    }
}
