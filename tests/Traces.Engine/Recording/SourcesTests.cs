using CsCheck;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Recording;

public class SourcesTests
{
    private const OperatorRole None = (OperatorRole)255;

    [Fact]
    public void Every_operator_names_what_its_equation_reads() => Gen.Select(RandomShape.Any, Gen.Int[1, 3], Gen.Int[1, 4]).Sample((shape, sequences, tokens) =>
    {
        // A shape that mixes two token streams is not described by the table below.
        if (shape.ParallelResidual)
        {
            return;
        }

        EngineSession<ShapeTensor> session = new(new ShapeBackend(shape), sequences, 2 * tokens);
        for (int step = 0; step < 2; step++)
        {
            Recorded<ShapeTensor> logits = session.Forward(new int[sequences * tokens], Phase.Prefill);
            session.Sample(logits, new int[sequences]);
            List<(Operator Op, OperatorSources Sources)> executed = Expand(session.Commit(1));
            OperatorRole projected = shape.QueryKeyNorm ? OperatorRole.KeyNorm : OperatorRole.QkvProjection;
            OperatorRole qkv = executed.Exists(entry => entry.Op.Role == OperatorRole.Rope) ? OperatorRole.Rope : projected;
            bool inFfn = false;
            for (int index = 0; index < executed.Count; index++)
            {
                OperatorRole role = executed[index].Op.Role;
                inFfn = role == OperatorRole.FfnNorm || (inFfn && role != OperatorRole.AttentionNorm);
                OperatorRole stream = index > 0 && executed.Take(index).Any(entry => entry.Op.Role == OperatorRole.Residual) ? OperatorRole.Residual : OperatorRole.Embedding;
                (OperatorRole first, OperatorRole second) = (executed[index].Op.Kind, role) switch
                {
                    (OperatorKind.Embedding, _) => (None, None),
                    (OperatorKind.Add, OperatorRole.Embedding) => (OperatorRole.Embedding, OperatorRole.Embedding),
                    (_, OperatorRole.AttentionNorm or OperatorRole.FfnNorm or OperatorRole.FinalNorm) => (stream, None),
                    (_, OperatorRole.QkvProjection) => (OperatorRole.AttentionNorm, None),
                    (_, OperatorRole.QueryNorm) => (OperatorRole.QkvProjection, None),
                    (_, OperatorRole.KeyNorm) => (OperatorRole.QueryNorm, None),
                    (_, OperatorRole.Rope) => (projected, None),
                    (_, OperatorRole.KvAppend) => (qkv, None),
                    (_, OperatorRole.Attention) => (qkv, OperatorRole.KvAppend),
                    (_, OperatorRole.OutputProjection) => (OperatorRole.Attention, None),
                    (_, OperatorRole.Residual) => (stream, inFfn ? (shape.HasExperts ? OperatorRole.Experts : OperatorRole.FfnDown) : OperatorRole.OutputProjection),
                    (OperatorKind.Gemm, OperatorRole.Router) => (OperatorRole.FfnNorm, None),
                    (OperatorKind.TopK, OperatorRole.Router) => (OperatorRole.Router, None),
                    (OperatorKind.GroupedGemm, _) => (executed[index - 1].Op.Kind == OperatorKind.TopK ? OperatorRole.FfnNorm : OperatorRole.Experts, OperatorRole.Router),
                    (OperatorKind.Activation, OperatorRole.Experts) => (OperatorRole.Experts, None),
                    (_, OperatorRole.FfnUp) => (OperatorRole.FfnNorm, None),
                    (_, OperatorRole.FfnActivation) => (OperatorRole.FfnUp, None),
                    (_, OperatorRole.FfnDown) => (OperatorRole.FfnActivation, None),
                    (_, OperatorRole.LmHead) => (OperatorRole.FinalNorm, None),
                    (_, OperatorRole.Sample) => (OperatorRole.LmHead, None),
                    _ => throw new InvalidOperationException($"{role}"),
                };
                Assert.Equal(first, Source(executed, index, executed[index].Sources.First));
                Assert.Equal(second, Source(executed, index, executed[index].Sources.Second));
            }
        }
    });

    [Fact]
    public void Equal_layers_stay_one_block()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(RandomShape.Small), 1, 4);
        session.Sample(session.Forward(new int[4], Phase.Prefill), new int[1]);
        Assert.Equal([1, RandomShape.Small.Layers, 1], session.Commit(1).Blocks.Select(block => block.Repeat));
    }

    [Fact]
    public void Equal_operators_with_other_sources_are_not_folded()
    {
        StepRecorder recorder = new();
        recorder.BeginStep(Phase.Decode);
        long first = recorder.Add(New());
        recorder.BeginBlock();
        recorder.Add(New(), first);
        recorder.BeginBlock();
        recorder.Add(New(), first);
        Step step = recorder.EndStep(0);
        Assert.Equal([new(0, 0), new(1, 0), new(2, 0)], step.Blocks.Select(block => Assert.Single(block.Sources)));
    }

    [Fact]
    public void What_an_earlier_step_made_comes_from_outside()
    {
        StepRecorder recorder = new();
        recorder.BeginStep(Phase.Decode);
        long before = recorder.Add(New());
        recorder.EndStep(0);
        recorder.BeginStep(Phase.Decode);
        long here = recorder.Add(New(), before);
        recorder.Add(New(), here, before);
        Assert.Equal([default, new OperatorSources(1, 0)], recorder.EndStep(0).Blocks[0].Sources);
    }

    private static OperatorRole Source(List<(Operator Op, OperatorSources Sources)> executed, int index, int distance) => distance == 0 ? None : executed[index - distance].Op.Role;

    private static List<(Operator Op, OperatorSources Sources)> Expand(Step step) =>
        [.. step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators.Zip(block.Sources), block.Repeat).SelectMany(pairs => pairs))];

    private static Operator New() => new() { Kind = OperatorKind.Add, Role = OperatorRole.Residual, Phase = Phase.Decode, Rows = 1 };
}
