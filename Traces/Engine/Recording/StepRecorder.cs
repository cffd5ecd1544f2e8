using System.Collections.Immutable;
using System.Runtime.InteropServices;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <summary>
/// Collects the operators of one step at a time. Consecutive blocks with equal operators are folded into one
/// <see cref="StepBlock"/> with a repeat count. Not thread-safe.
/// </summary>
public sealed class StepRecorder
{
    private readonly List<Operator> _current = [];
    private readonly ImmutableArray<StepBlock>.Builder _blocks = ImmutableArray.CreateBuilder<StepBlock>();
    private ImmutableArray<Operator> _last = [];
    private int _repeat;
    private int _index;

    /// <summary>A step has begun and not ended.</summary>
    public bool InStep { get; private set; }

    /// <summary>What the step is doing; recorded with every operator.</summary>
    public Phase Phase { get; private set; }

    /// <summary>Begins the next step.</summary>
    /// <exception cref="InvalidOperationException">The step before has not ended.</exception>
    public void BeginStep(Phase phase)
    {
        if (InStep)
        {
            throw new InvalidOperationException("the step before has not been committed");
        }

        InStep = true;
        Phase = phase;
    }

    /// <summary>What follows may be equal to what came before: a layer begins.</summary>
    public void BeginBlock()
    {
        ReadOnlySpan<Operator> current = CollectionsMarshal.AsSpan(_current);
        if (current.IsEmpty)
        {
            return;
        }

        if (_repeat > 0 && current.SequenceEqual(_last.AsSpan()))
        {
            _repeat++;
        }
        else
        {
            CloseRun();
            _last = [.. current];
            _repeat = 1;
        }

        _current.Clear();
    }

    /// <summary>Records one operator.</summary>
    /// <exception cref="InvalidOperationException">No step has begun.</exception>
    public void Add(in Operator op)
    {
        if (!InStep)
        {
            throw new InvalidOperationException("an operator outside of a step");
        }

        _current.Add(op);
    }

    /// <summary>Ends the step.</summary>
    /// <param name="committedTokens">Tokens that became final, over all sequences.</param>
    /// <exception cref="InvalidOperationException">No step has begun.</exception>
    public Step EndStep(int committedTokens)
    {
        if (!InStep)
        {
            throw new InvalidOperationException("no step to commit");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(committedTokens);
        BeginBlock();
        CloseRun();
        InStep = false;
        return new Step(_index++, Phase, _blocks.DrainToImmutable(), committedTokens);
    }

    private void CloseRun()
    {
        if (_repeat > 0)
        {
            _blocks.Add(new StepBlock(_last, _repeat));
            _repeat = 0;
        }
    }
}
