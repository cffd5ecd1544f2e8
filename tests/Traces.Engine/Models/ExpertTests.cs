using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Models;

public class ExpertTests
{
    private static readonly ModelShape Shape = RandomShape.Small with
    {
        QueryKeyNorm = true,
        Experts = 7,
        ExpertsPerToken = 2,
        NormalisedRouting = true,
        Ffn = 6,
        WeightType = DataType.Fp32,
    };

    [Fact]
    public void A_layer_has_norms_of_heads_a_router_and_grouped_products_of_its_experts()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(Shape), 3, 4);
        session.Sample(session.Forward(new int[9], Phase.Prefill), new int[3]);
        StepBlock layers = session.Commit(3).Blocks[1];
        Assert.Equal(3, layers.Repeat);
        Assert.Equal(
            [
                OperatorRole.AttentionNorm, OperatorRole.QkvProjection, OperatorRole.QueryNorm, OperatorRole.KeyNorm, OperatorRole.Rope, OperatorRole.KvAppend,
                OperatorRole.Attention, OperatorRole.OutputProjection, OperatorRole.Residual, OperatorRole.FfnNorm, OperatorRole.Router, OperatorRole.Router,
                OperatorRole.Experts, OperatorRole.Experts, OperatorRole.Experts, OperatorRole.Residual,
            ],
            layers.Operators.Select(op => op.Role));
        Operator[] operators = [.. layers.Operators];
        Assert.Equal((OperatorKind.Norm, 9 * 4, 2, NormKind.RmsNorm), (operators[2].Kind, operators[2].Rows, operators[2].Inputs, operators[2].Norm));
        Assert.Equal((OperatorKind.Norm, 9 * 2, 2), (operators[3].Kind, operators[3].Rows, operators[3].Inputs));
        Assert.Equal((OperatorKind.Gemm, 9, 8, 7), (operators[10].Kind, operators[10].Rows, operators[10].Inputs, operators[10].Outputs));
        Assert.Equal((OperatorKind.TopK, 9, 7, 2), (operators[11].Kind, operators[11].Rows, operators[11].Inputs, operators[11].Outputs));

        // 7 (1 - (5/7)^9) = 6.66
        Assert.Equal((OperatorKind.GroupedGemm, 18, 8, 12, 7), (operators[12].Kind, operators[12].Rows, operators[12].Inputs, operators[12].Outputs, operators[12].Experts));
        Assert.Equal((OperatorKind.Activation, 18, 6), (operators[13].Kind, operators[13].Rows, operators[13].Outputs));
        Assert.Equal((OperatorKind.GroupedGemm, 18, 6, 8, 7), (operators[14].Kind, operators[14].Rows, operators[14].Inputs, operators[14].Outputs, operators[14].Experts));

        // The products read the norm's result and the choice before them; the last sum what came before the norm and the experts.
        Assert.Equal(new OperatorSources(3, 1), layers.Sources[12]);
        Assert.Equal(new OperatorSources(1, 3), layers.Sources[14]);
        Assert.Equal(new OperatorSources(7, 1), layers.Sources[15]);
    }

    [Theory]
    [InlineData(8, 2)]
    [InlineData(128, 8)]
    [InlineData(5, 5)]
    [InlineData(6, 1)]
    public void As_many_experts_are_expected_as_equal_chances_visit(int experts, int perToken)
    {
        ModelShape shape = Shape with { Experts = experts, ExpertsPerToken = perToken };
        Assert.Equal(perToken, shape.ExpectedExperts(1));
        Assert.Equal(experts, shape.ExpectedExperts(100_000));
        Random random = new(1);
        foreach (int tokens in new[] { 2, 3, 7, 20 })
        {
            const int Rounds = 4000;
            double visited = 0;
            for (int round = 0; round < Rounds; round++)
            {
                HashSet<int> seen = [];
                for (int token = 0; token < tokens; token++)
                {
                    int[] all = [.. Enumerable.Range(0, experts)];
                    random.Shuffle(all);
                    seen.UnionWith(all[..perToken]);
                }

                visited += seen.Count;
            }

            // 0.5 from rounding; the mean of 4,000 rounds is far nearer than the rest.
            Assert.InRange(shape.ExpectedExperts(tokens) - (visited / Rounds), -0.65, 0.65);
        }
    }

    [Fact]
    public void A_recording_on_the_processor_says_which_experts_were_visited()
    {
        using RandomWeights weights = new(Shape, new ModelNumerics(), seed: 5);
        using CpuBackend backend = new(weights, threads: 1);
        EngineSession<CpuTensor> session = new(backend, 2, 8);
        session.Sample(session.Forward([1, 2, 3, 4, 5, 6, 7, 8, 9, 1], Phase.Prefill), new int[2]);
        Step step = session.Commit(2);
        Decision[] choices = [.. step.Decisions.Where(decision => decision.Name == RecordingBackend<CpuTensor>.ExpertsDecision)];
        Operator[] products = [.. step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat)).SelectMany(operators => operators).Where(op => op.Kind == OperatorKind.GroupedGemm)];
        Assert.Equal(3, choices.Length);
        for (int layer = 0; layer < 3; layer++)
        {
            Assert.Equal(20, choices[layer].Values.Length);
            Assert.All(choices[layer].Values.Chunk(2), pair => Assert.NotEqual(pair[0], pair[1]));
            Assert.All(products[(2 * layer)..((2 * layer) + 2)], op => Assert.Equal((20, choices[layer].Values.Distinct().Count()), (op.Rows, op.Experts)));
        }
    }

    [Fact]
    public void A_footprint_holds_the_weights_of_all_experts()
    {
        ModelFootprint footprint = Shape.Footprint(1, 1);
        long layer = (8 * (8 + 4 + 4)) + (8 * 8) + (8 * 7) + (7 * ((8 * 12) + (6 * 8))) + (2 * 8) + (2 * 2);
        Assert.Equal((3 * layer) + (2 * 8 * 10) + 8, footprint.Parameters);
    }

    [Fact]
    public void A_step_has_no_more_rows_than_can_be_counted()
    {
        ModelShape shape = Shape with { Experts = 1 << 20, ExpertsPerToken = 1 << 20 };
        Assert.Equal(2047, shape.MostStepTokens);
        EngineSession<ShapeTensor> session = new(new ShapeBackend(shape with { MaxPositions = 4000 }), 1, 3000);
        Assert.Throws<Format.Documents.PimSimUserException>(() => session.Forward(new int[2048], Phase.Prefill));
    }
}
