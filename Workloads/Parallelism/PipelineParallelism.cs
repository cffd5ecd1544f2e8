using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Parallelism;

/// <summary>
/// Cuts a decoder's steps into stages, each on devices of its own that share it out by tensor parallelism: the layers in order and as evenly as can be,
/// the first stages with one more where they do not divide; what comes before the layers on the first, what comes after them on the last. A stage sends
/// the next the hidden state of every row, each device to its counterpart. A table that is embedding and head in one lies on the first and on the last.
/// </summary>
public sealed class PipelineParallelism
{
    private readonly ModelShape _model;
    private readonly TensorParallelism _tensor;

    /// <summary>Shares <paramref name="model"/> out over <paramref name="stages"/> stages of <paramref name="ranks"/> devices; <paramref name="wholeExperts"/> as <see cref="TensorParallelism"/> has it.</summary>
    /// <exception cref="PimSimUserException">There are more stages than layers, or a stage cannot be shared out evenly.</exception>
    public PipelineParallelism(ModelShape model, int ranks, int stages, bool wholeExperts = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(stages, 1);
        if (stages > model.Layers)
        {
            throw new PimSimUserException($"'{model.Name}' has {model.Layers} layers and cannot be cut into {stages} stages; 'pipeline' may be {model.Layers} at most");
        }

        _model = model;
        _tensor = new TensorParallelism(model, ranks, wholeExperts);
        Stages = stages;
    }

    /// <summary>Stages.</summary>
    public int Stages { get; }

    /// <summary>Layers of a stage, from 0 on.</summary>
    public int LayersOf(int stage) => (_model.Layers / Stages) + (stage < _model.Layers % Stages ? 1 : 0);

    /// <summary>The steps of one device of each stage.</summary>
    public IStepSource Shard(IStepSource whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        return new ShardedSource(whole, Shard(whole.Footprint), Shard);
    }

    /// <summary>The part of one device of every stage, stage after stage, with what is sent between them.</summary>
    /// <exception cref="PimSimUserException">The step is none of a decoder's.</exception>
    public Step Shard(Step step)
    {
        Step[] parts = Cut(step);
        return parts.Length == 1 ? parts[0] : parts[0] with { Blocks = [.. parts.SelectMany(part => part.Blocks)] };
    }

    /// <summary>The same by stage. All but the last end with what they send.</summary>
    /// <exception cref="PimSimUserException">The step is none of a decoder's.</exception>
    public Step[] Cut(Step step)
    {
        Step whole = _tensor.Shard(step);
        if (Stages == 1)
        {
            return [whole];
        }

        int layers = LayerBlock(whole);
        StepBlock block = whole.Blocks[layers];
        Operator first = block.Operators[0];
        StepBlock sent = new([Exchange.Of(first, CollectiveKind.SendReceive, first.Rows, _model.Hidden, ranks: 2)], 1);
        Step[] parts = new Step[Stages];
        for (int stage = 0; stage < Stages; stage++)
        {
            // Places of producers in other blocks have moved; nothing that runs shared steps asks for them.
            StepBlock own = new(block.Operators, LayersOf(stage));
            ImmutableArray<StepBlock> blocks = stage == 0 ? [.. whole.Blocks[..layers], own, sent]
                : stage == Stages - 1 ? [own, .. whole.Blocks[(layers + 1)..]]
                : [own, sent];
            parts[stage] = whole with { Blocks = blocks, MeasuredNanoseconds = [] };
        }

        return parts;
    }

    /// <summary>What one device holds: with several stages, of each stage.</summary>
    public ModelFootprint Shard(ModelFootprint whole)
    {
        ModelFootprint shard = _tensor.Shard(whole);
        return Stages == 1 ? shard : shard with { Stages = [.. Enumerable.Range(0, Stages).Select(stage => Stage(shard, stage))] };
    }

    private ModelFootprint Stage(ModelFootprint shard, int stage)
    {
        bool isFirst = stage == 0, isLast = stage == Stages - 1;
        int layers = LayersOf(stage);
        long norm = (_model.Norm == NormKind.LayerNorm ? 2L : 1L) * _model.Hidden;
        long positions = _model.Position == PositionKind.Learned ? (long)_model.MaxPositions * _model.Hidden : 0;
        long table = (long)_tensor.Vocab * _model.Hidden;
        return shard with
        {
            Matrices =
            [
                .. shard.Matrices.Where(matrix => isLast || matrix.Role != OperatorRole.LmHead)
                    .Select(matrix => matrix.Role == OperatorRole.LmHead ? matrix : matrix with { Instances = matrix.Instances / _model.Layers * layers }),
            ],
            OtherParameters = (layers * ((2 * norm) + (_model.QueryKeyNorm ? 2L * _model.HeadDim : 0))) + (isLast ? norm : 0) + (isFirst ? positions + table : 0),
            Layers = layers,
        };
    }

    private int LayerBlock(Step step)
    {
        int found = -1;
        for (int i = 0; i < step.Blocks.Length; i++)
        {
            if (step.Blocks[i].Operators.Any(op => op.Kind == OperatorKind.Attention))
            {
                found = found < 0 && step.Blocks[i].Repeat == _model.Layers
                    ? i
                    : throw new PimSimUserException($"a step of '{_model.Name}' has layers that differ, or not {_model.Layers} of them: it cannot be cut into {Stages} stages");
            }
        }

        return found >= 0 ? found : throw new PimSimUserException($"a step of '{_model.Name}' has no attention: it cannot be cut into {Stages} stages");
    }
}
