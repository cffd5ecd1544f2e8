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
        Assert.All(TechniqueCatalogue.Names, name => Assert.Equal(name, TechniqueCatalogue.Get(name).Name));
        Assert.Contains("autoregressive", TechniqueCatalogue.Names);
        Assert.Equal(
            "unknown technique 'autoregresive'; did you mean 'autoregressive'?",
            Assert.Throws<PimSimUserException>(() => TechniqueCatalogue.Get("autoregresive")).Message);
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
