using System.Collections.Immutable;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Batches;

/// <summary>Collects the operators of a block, each with the places in the block that its inputs come from.</summary>
internal sealed class BlockBuilder
{
    /// <summary>The operator just before the block.</summary>
    public const int Before = -1;

    /// <summary>No input.</summary>
    public const int Nothing = int.MinValue;

    private readonly ImmutableArray<Operator>.Builder _operators = ImmutableArray.CreateBuilder<Operator>();
    private readonly ImmutableArray<OperatorSources>.Builder _sources = ImmutableArray.CreateBuilder<OperatorSources>();

    /// <summary>Adds an operator. Returns its place.</summary>
    public int Add(in Operator op, int first = Nothing, int second = Nothing)
    {
        int place = _operators.Count;
        _operators.Add(op);
        _sources.Add(new OperatorSources(Distance(place, first), Distance(place, second)));
        return place;
    }

    /// <summary>The block.</summary>
    public StepBlock Build(int repeat) => new(_operators.ToImmutable(), repeat) { Sources = _sources.ToImmutable() };

    private static int Distance(int place, int producer) => producer == Nothing ? 0 : place - producer;
}
