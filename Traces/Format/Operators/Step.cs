using System.Collections.Immutable;

namespace PimSim.Traces.Format.Operators;

/// <summary>
/// Where the inputs of an operator come from: how many operators back in the execution order of the step their producers stand, 1 for the
/// one just before. 0 where there is no input, or where it comes from outside the step. Relative, so that equal layers are equal.
/// </summary>
/// <param name="First">Producer of the main input.</param>
/// <param name="Second">Producer of the other input, if there is one: the second summand, or the cache write that an attention reads.</param>
public readonly record struct OperatorSources(int First, int Second);

/// <summary>
/// A run of operators executed one after another, <paramref name="Repeat"/> times over: the equal layers of a model are
/// one block.
/// </summary>
public sealed record StepBlock(ImmutableArray<Operator> Operators, int Repeat)
{
    /// <summary>Where the inputs of each operator come from; empty if that is not known.</summary>
    public ImmutableArray<OperatorSources> Sources { get; init; } = [];

    /// <summary>Number of operators executed.</summary>
    public long Count => (long)Operators.Length * Repeat;

    /// <inheritdoc/>
    public bool Equals(StepBlock? other) => other is not null
        && Repeat == other.Repeat
        && Operators.AsSpan().SequenceEqual(other.Operators.AsSpan())
        && Sources.AsSpan().SequenceEqual(other.Sources.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Operators.Length, Repeat, Operators.Length > 0 ? Operators[0] : default);
}

/// <summary>Something that data decided: which tokens were chosen, how many drafts were accepted, which layer was the last.</summary>
/// <param name="Name">What was decided.</param>
/// <param name="Values">The outcome, in the order of sequences where there is one for each.</param>
public sealed record Decision(string Name, ImmutableArray<long> Values)
{
    /// <inheritdoc/>
    public bool Equals(Decision? other) => other is not null && Name == other.Name && Values.AsSpan().SequenceEqual(other.Values.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Values.Length);
}

/// <summary>One forward pass and what it committed.</summary>
/// <param name="Index">Zero-based number in its trace.</param>
/// <param name="Phase">What the step is doing.</param>
/// <param name="Blocks">In execution order.</param>
/// <param name="CommittedTokens">Tokens that became final, over all sequences.</param>
public sealed record Step(int Index, Phase Phase, ImmutableArray<StepBlock> Blocks, int CommittedTokens)
{
    /// <summary>Measured nanoseconds of every operator executed, block by block, instance by instance; empty if nothing was measured.</summary>
    public ImmutableArray<long> MeasuredNanoseconds { get; init; } = [];

    /// <summary>What data decided in this step, in order.</summary>
    public ImmutableArray<Decision> Decisions { get; init; } = [];

    /// <summary>Number of operators executed.</summary>
    public long Count => Blocks.Sum(block => block.Count);

    /// <inheritdoc/>
    public bool Equals(Step? other) => other is not null
        && (Index, Phase, CommittedTokens) == (other.Index, other.Phase, other.CommittedTokens)
        && Blocks.AsSpan().SequenceEqual(other.Blocks.AsSpan())
        && MeasuredNanoseconds.AsSpan().SequenceEqual(other.MeasuredNanoseconds.AsSpan())
        && Decisions.AsSpan().SequenceEqual(other.Decisions.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Index, Phase, Blocks.Length, CommittedTokens);

    /// <summary>Cost of all operators of the step.</summary>
    public OperatorCost Cost()
    {
        OperatorCost total = default;
        foreach (StepBlock block in Blocks)
        {
            foreach (Operator op in block.Operators)
            {
                total += OperatorCost.Of(op) * block.Repeat;
            }
        }

        return total;
    }
}
