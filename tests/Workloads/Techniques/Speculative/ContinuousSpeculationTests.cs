using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Speculative;
using PimSim.Workloads.Tests.Techniques.Parallel;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Speculative;

public class ContinuousSpeculationTests
{
    private static readonly NetworkShape Small = VisualRuns.Shape(
        "mar",
        ("layers", 2), ("hidden", 16), ("heads", 2), ("tokens", 16), ("buffer", 3), ("channels", 4), ("classes", 5), ("denoiserLayers", 2), ("denoiserHidden", 12));

    private static readonly (string, double[])[] SmallDraft = [("draftLayers", [1]), ("draftHidden", [8]), ("draftHeads", [2]), ("draftDenoiserLayers", [1]), ("draftDenoiserHidden", [8]), ("diffusionSteps", [3])];

    [Theory]
    [InlineData(0, 0.05)]
    [InlineData(1, 0.0)]
    [InlineData(4, 0.25)]
    [InlineData(5, 0.1)]
    [InlineData(32, 0.05)]
    public void Each_place_is_made_once_by_the_published_number_of_passes(int between, double prefill)
    {
        List<Step> steps = Run(between, prefill);
        Assert.Equal(Enumerable.Range(0, 16).Select(place => (long)place), TechniqueRuns.Decisions(steps, ContinuousSpeculation.PlacesDecision).Order());
        Assert.Equal(16, TechniqueRuns.Committed(steps));
        int alone = between == 0 ? 16 : (int)Math.Round(prefill * 16);
        Assert.Equal(alone, steps.Count(step => step.Phase == Phase.Decode));
        Assert.Equal(16 - alone, steps.Count(step => step.Phase == Phase.Draft));
        Assert.Equal(between == 0 ? 0 : (int)Math.Ceiling((16.0 - alone) / between), steps.Count(step => step.Phase == Phase.Verify));
    }

    [Fact]
    public void The_published_sizes_take_the_passes_of_the_formula()
    {
        NetworkShape shape = Small.With(("tokens", 256));
        List<Step> steps = VisualRuns.OnShape(new ContinuousSpeculation(), shape, Request(256, 32, 0.05), out _);
        Assert.Equal((13, 243, 8), (steps.Count(step => step.Phase == Phase.Decode), steps.Count(step => step.Phase == Phase.Draft), steps.Count(step => step.Phase == Phase.Verify)));
    }

    /// <summary>The encoder reads what is known and the buffer, the decoder all places, the diffusion those that are wanted; twice for guidance.</summary>
    [Fact]
    public void Passes_have_the_rows_of_what_is_known_and_wanted()
    {
        List<Step> steps = VisualRuns.OnShape(new ContinuousSpeculation(), Small, Request(16, 4, 0.25), out _);
        foreach ((Step step, int index) in steps.Select((step, index) => (step, index)))
        {
            int[] attention = [.. VisualRuns.Operators([step]).Where(op => op.Kind == OperatorKind.Attention).Select(op => op.Context)];
            int layers = step.Phase == Phase.Draft ? 1 : 2;
            int made = steps.Take(index).Count(before => before.Phase != Phase.Verify);
            int known = step.Phase == Phase.Verify ? made - 4 : made;
            Assert.Equal([.. Enumerable.Repeat(known + 3, layers), .. Enumerable.Repeat(19, layers)], attention);
            Operator[] inputs = [.. VisualRuns.Operators([step]).Where(op => op is { Kind: OperatorKind.Gemm, Role: OperatorRole.Denoiser, Inputs: 4 })];
            Assert.Equal(3, inputs.Length);
            Assert.All(inputs, op => Assert.Equal(step.Phase == Phase.Verify ? 8 : 2, op.Rows));
        }
    }

    [Fact]
    public void A_draft_network_that_agrees_is_always_accepted_and_a_check_of_itself_changes_nothing()
    {
        // Without diffusion noise of its own the model's check of its own token is the token.
        List<long> accepted = TechniqueRuns.Decisions(Run(1, 1), ContinuousSpeculation.AcceptedDecision);
        Assert.Empty(accepted);
        List<long> some = TechniqueRuns.Decisions(Run(4, 0), ContinuousSpeculation.AcceptedDecision);
        Assert.Equal(4, some.Count);
        Assert.All(some, count => Assert.InRange(count, 0, 4));
    }

    [Fact]
    public void Shapes_record_the_operators_of_numbers() => Assert.Equal(
        VisualRuns.Operators(Run(4, 0.25)),
        VisualRuns.Operators(VisualRuns.OnShape(new ContinuousSpeculation(), Small, Request(16, 4, 0.25), out _)));

    [Fact]
    public void The_mean_acceptance_is_met()
    {
        List<long> accepted = TechniqueRuns.Decisions(VisualRuns.OnShape(new ContinuousSpeculation(), Small.With(("tokens", 100)), Request(100, 10, 0, ("accepted", [0.37])), out _), ContinuousSpeculation.AcceptedDecision);
        Assert.Equal(37, accepted.Sum());
    }

    private static List<Step> Run(int between, double prefill) => VisualRuns.OnCpu(new ContinuousSpeculation(), Small, Request(16, between, prefill), [2]);

    private static GenerationRequest Request(int tokens, int between, double prefill, params (string, double[])[] changes) =>
        TechniqueRuns.Request(1, tokens, TechniqueRuns.Settings("continuous-speculation", [.. SmallDraft, ("draft", [between]), ("prefill", [prefill]), .. changes]), seed: 1);
}
