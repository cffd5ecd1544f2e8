using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques;

public class AutoregressiveTests
{
    private static readonly ModelShape Model = new ModelZoo([ModelZoo.ShippedFolder]).Shape("qwen2.5-0.5b");

    internal static readonly EncoderDecoderShape T5 = new()
    {
        Name = "t5",
        EncoderLayers = 2,
        DecoderLayers = 3,
        Hidden = 16,
        Heads = 2,
        HeadDim = 4,
        Ffn = 32,
        Activation = ActivationKind.GeGlu,
        Norm = NormKind.RmsNorm,
        Position = EncoderDecoderPosition.RelativeBuckets,
        Biases = false,
        Vocab = 50,
        MaxPositions = int.MaxValue,
        Tied = false,
    };

    private static readonly Gen<GenerationRequest> Request = Gen.Select(Gen.Int[1, 40], Gen.Int[1, 30], Gen.Int[1, 4]).Select((p, g, s) => new GenerationRequest(p, g, s));

    [Fact]
    public void Generation_takes_one_forward_per_token_and_the_context_grows_by_one() => Request.Sample(request =>
    {
        Step[] steps = [.. Source(request).Steps()];
        Assert.Equal(request.GeneratedTokens, steps.Length);
        for (int index = 0; index < steps.Length; index++)
        {
            int rows = request.Sequences * (index == 0 ? request.PromptTokens : 1);
            Assert.Equal(index, steps[index].Index);
            Assert.Equal(request.Sequences, steps[index].CommittedTokens);
            Assert.Equal(index == 0 && request.PromptTokens > 1 ? Phase.Prefill : Phase.Decode, steps[index].Phase);
            Operator attention = steps[index].Blocks.SelectMany(block => block.Operators).Single(op => op.Kind == OperatorKind.Attention);
            Assert.Equal((rows, request.PromptTokens + index, request.Sequences), (attention.Rows, attention.Context, attention.Sequences));
        }
    });

    [Fact]
    public void The_footprint_reserves_exactly_the_longest_context() => Request.Sample(request =>
    {
        GenerationSource source = Source(request);
        long written = source.Steps().Sum(step => step.Cost().KvWriteBytes);
        Assert.Equal(written, source.Footprint.KvBytes);
        Assert.Equal(request.PromptTokens + request.GeneratedTokens - 1, source.Footprint.ReservedContext);
        Assert.Equal(source.Footprint.KvBytes, source.Steps().Last().Cost().KvReadBytes);
    });

    [Fact]
    public void An_encoder_decoder_encodes_the_prompt_and_generates_from_one_token() => Request.Sample(request =>
    {
        GenerationSource source = new(T5, new Autoregressive(), request);
        Step[] steps = [.. source.Steps()];
        Assert.Equal(request.GeneratedTokens + 1, steps.Length);
        Assert.Equal((Phase.Encode, 0), (steps[0].Phase, steps[0].CommittedTokens));
        Assert.Equal(request.PromptTokens * request.Sequences, steps[0].Blocks[0].Operators[0].Rows);
        for (int index = 1; index < steps.Length; index++)
        {
            Assert.Equal((Phase.Decode, request.Sequences), (steps[index].Phase, steps[index].CommittedTokens));
            Operator[] attentions = [.. steps[index].Blocks.SelectMany(block => block.Operators).Where(op => op.Kind == OperatorKind.Attention)];
            Assert.Equal([(request.Sequences, index), (request.Sequences, request.PromptTokens)], attentions.Select(op => (op.Rows, op.Context)));
        }

        // Every key and value that is kept is written once, and the last step reads them all.
        Assert.Equal(steps.Sum(step => step.Cost().KvWriteBytes), source.Footprint.KvBytes);
        Assert.Equal(source.Footprint.KvBytes, steps[^1].Cost().KvReadBytes);
        Assert.Equal(steps.Select(Text), source.Steps().Select(Text));
    });

    [Fact]
    public void Every_enumeration_yields_the_same_steps()
    {
        GenerationSource source = Source(new GenerationRequest(5, 4, 2));
        IEnumerable<Step> steps = source.Steps();
        string[] first = [.. steps.Select(Text)];
        Assert.Equal(first, steps.Select(Text));
        Assert.Equal(first, source.Steps().Select(Text));

        // Two at once do not disturb each other.
        Assert.Equal(first.Zip(first), source.Steps().Select(Text).Zip(source.Steps().Select(Text)));
    }

    [Fact]
    public void Steps_are_not_kept()
    {
        WeakReference first = FirstOf(Source(new GenerationRequest(1, 200, 1)), out IEnumerator<Step> rest);
        while (rest.MoveNext())
        {
        }

        GC.Collect();
        Assert.False(first.IsAlive);
        GC.KeepAlive(rest);
    }

    [Fact]
    public void A_context_beyond_the_positions_is_refused_before_anything_runs()
    {
        Assert.NotNull(Source(new GenerationRequest(Model.MaxPositions, 1, 1)));
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => Source(new GenerationRequest(Model.MaxPositions, 2, 1)));
        Assert.Equal($"a context of {Model.MaxPositions + 1} tokens is too long for qwen2.5-0.5b, which has {Model.MaxPositions} positions", fault.Message);
        Assert.Throws<PimSimUserException>(() => Source(new GenerationRequest(int.MaxValue, int.MaxValue, 1)));
        Assert.Throws<PimSimUserException>(() => Source(new GenerationRequest(Model.MaxPositions, 1, int.MaxValue)));
    }

    [Theory]
    [InlineData(0, 1, 1, "a request needs at least 1 of each, not 0 prompt tokens")]
    [InlineData(0, -1, 1, "a request needs at least 1 of each, not 0 prompt tokens, -1 generated tokens")]
    [InlineData(1, 1, 0, "a request needs at least 1 of each, not 0 sequences")]
    public void A_request_for_nothing_is_refused(int prompt, int generated, int sequences, string message) =>
        Assert.Equal(message, Assert.Throws<PimSimUserException>(() => new GenerationRequest(prompt, generated, sequences)).Message);

    [Fact]
    public void Techniques_are_found_by_name()
    {
        Assert.All(TechniqueCatalogue.Shipped.Names, name => Assert.Equal(name, TechniqueCatalogue.Shipped.Get(name).Name));
        Assert.Contains("autoregressive", TechniqueCatalogue.Shipped.Names);
        Assert.Equal(
            "unknown technique 'autoregresive'; did you mean 'autoregressive'?",
            Assert.Throws<PimSimUserException>(() => TechniqueCatalogue.Shipped.Get("autoregresive")).Message);
    }

    private static WeakReference FirstOf(GenerationSource source, out IEnumerator<Step> rest)
    {
        rest = source.Steps().GetEnumerator();
        rest.MoveNext();
        return new WeakReference(rest.Current);
    }

    private static string Text(Step step) =>
        $"{step.Index} {step.Phase} {step.CommittedTokens} {string.Join(';', step.Blocks.Select(block => $"{block.Repeat} x {string.Join(',', block.Operators)}"))}";

    private static GenerationSource Source(GenerationRequest request) => new(Model, new Autoregressive(), request);
}
