using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Others;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Others;

public class SegmentForecastTests
{
    private static readonly int[] Past = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8];

    [Theory]
    [InlineData("llama-1-7b", 0, 790_625)]
    [InlineData("gpt2-small", 0, 148_321)]
    [InlineData("gpt2-small", 256, 443_745)]
    public void So_many_parameters_are_trained(string model, int inner, long parameters)
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(new ModelZoo([ModelZoo.ShippedFolder]).Shape(model)), 1, 1);
        _ = new SegmentForecast().Run(session, TechniqueRuns.Request(672, 96, TechniqueRuns.Settings("autotimes", ("mlpHidden", [inner]))), new int[672]).Count();
        long matrices = session.Parameters.Matrices.Sum(matrix => matrix.Instances * (((long)matrix.Inputs * matrix.Outputs) + (matrix.Bias ? matrix.Outputs : 0)));
        Assert.Equal(parameters, matrices + session.Parameters.OtherParameters);
    }

    [Theory]
    [InlineData(96, 1)]
    [InlineData(192, 2)]
    [InlineData(336, 4)]
    [InlineData(720, 8)]
    public void A_forecast_takes_a_forward_for_each_segment_begun(int horizon, int forwards)
    {
        List<Step> steps = TechniqueRuns.OnShape(
            new SegmentForecast(), new ModelZoo([ModelZoo.ShippedFolder]).Shape("gpt2-small"), TechniqueRuns.Request(672, horizon, TechniqueRuns.Settings("autotimes"), sequences: 224));
        Assert.Equal(forwards, steps.Count);
        Assert.Equal((horizon + 95) / 96, steps.Count);
        Assert.Equal(224 * horizon, TechniqueRuns.Committed(steps));

        // Seven rows a window, all of them every time, and no vocabulary.
        Assert.All(steps, step => Assert.Equal(steps[0].Cost(), step.Cost()));
        Operator[] operators = [.. steps[0].Blocks.SelectMany(block => block.Operators)];
        Assert.DoesNotContain(operators, op => op.Role is OperatorRole.LmHead or OperatorRole.Sample);
        Assert.All(operators.Where(op => op.Kind == OperatorKind.Gemm), op => Assert.Equal(224 * 7, op.Rows));
        Assert.All(operators.Where(op => op.Kind == OperatorKind.Attention), op => Assert.Equal((224 * 7, 7), (op.Rows, op.Context)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_window_moves_on_by_what_was_forecast(long seed)
    {
        List<long> twice = Forecast(Past, 8, seed, 1);
        Assert.Equal(8, twice.Count);
        Assert.Equal(Forecast(Past, 4, seed, 1), twice[..4]);
        Assert.Equal(twice[..6], Forecast(Past, 6, seed, 1));

        // The oldest segment is forgotten after the first forward: in the first it counts, and two pasts that differ in it alone differ.
        Assert.NotEqual(twice, Forecast([9, 9, 9, 9, .. Past[4..]], 8, seed, 1));

        // A second series beside it changes nothing.
        List<long> both = Forecast([.. Past, .. Past.Reverse()], 4, seed, 2);
        Assert.Equal(twice[..4], both[..4]);
        Assert.NotEqual(both[..4], both[4..]);
    }

    [Fact]
    public void The_operators_do_not_depend_on_data()
    {
        GenerationRequest request = TechniqueRuns.Request(12, 8, Small());
        Assert.Equal(
            TechniqueRuns.OnShape(new SegmentForecast(), TechniqueRuns.SmallLlama, request).Select(step => (step.Cost(), step.CommittedTokens)),
            TechniqueRuns.OnCpu(new SegmentForecast(), TechniqueRuns.SmallLlama, request, Past).Select(step => (step.Cost(), step.CommittedTokens)));
        Assert.Throws<PimSimUserException>(() => TechniqueRuns.OnShape(new SegmentForecast(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(13, 8, Small())));
    }

    private static List<long> Forecast(int[] past, int horizon, long seed, int sequences) => TechniqueRuns.Decisions(
        TechniqueRuns.OnCpu(new SegmentForecast(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(12, horizon, Small(), sequences, seed), past), SegmentForecast.ForecastDecision);

    private static TechniqueSettings Small() => TechniqueRuns.Settings("autotimes", ("segment", [4]));
}
