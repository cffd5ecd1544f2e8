using System.Collections.Immutable;

namespace PimSim.Traces.Format.Operators;

/// <summary>
/// A run of operators executed one after another, <paramref name="Repeat"/> times over: the equal layers of a model are
/// one block.
/// </summary>
public sealed record StepBlock(ImmutableArray<Operator> Operators, int Repeat);

/// <summary>One forward pass and what it committed.</summary>
/// <param name="Index">Zero-based number in its trace.</param>
/// <param name="Phase">What the step is doing.</param>
/// <param name="Blocks">In execution order.</param>
/// <param name="CommittedTokens">Tokens that became final, over all sequences.</param>
public sealed record Step(int Index, Phase Phase, ImmutableArray<StepBlock> Blocks, int CommittedTokens)
{
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
