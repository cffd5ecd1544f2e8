using System.Collections.Immutable;
using System.Runtime.InteropServices;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <summary>
/// Collects the operators of one step at a time, with where their inputs come from, how long they took if there is a clock, and what data
/// decided. Consecutive blocks with equal operators and equal sources are folded into one <see cref="StepBlock"/> with a repeat count.
/// Not thread-safe.
/// </summary>
public sealed class StepRecorder
{
    private readonly IOperatorClock? _clock;
    private readonly List<Operator> _current = [];
    private readonly List<OperatorSources> _currentSources = [];
    private readonly ImmutableArray<StepBlock>.Builder _blocks = ImmutableArray.CreateBuilder<StepBlock>();
    private readonly List<Decision> _decisions = [];
    private ImmutableArray<Operator> _last = [];
    private ImmutableArray<OperatorSources> _lastSources = [];
    private int _repeat;
    private int _index;
    private long _operators;
    private long _beforeStep;

    /// <summary>Starts a recording.</summary>
    /// <param name="clock">Times every operator; null where nothing is computed.</param>
    public StepRecorder(IOperatorClock? clock = null) => _clock = clock;

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
        _beforeStep = _operators;
    }

    /// <summary>What follows may be equal to what came before: a layer begins.</summary>
    public void BeginBlock()
    {
        ReadOnlySpan<Operator> current = CollectionsMarshal.AsSpan(_current);
        if (current.IsEmpty)
        {
            return;
        }

        ReadOnlySpan<OperatorSources> sources = CollectionsMarshal.AsSpan(_currentSources);
        if (_repeat > 0 && sources.SequenceEqual(_lastSources.AsSpan()) && current.SequenceEqual(_last.AsSpan()))
        {
            _repeat++;
        }
        else
        {
            CloseRun();
            _last = [.. current];
            _lastSources = [.. sources];
            _repeat = 1;
        }

        _current.Clear();
        _currentSources.Clear();
    }

    /// <summary>An operator is about to be called: its time begins.</summary>
    public void BeginOperator() => _clock?.Begin();

    /// <summary>Records one operator, which has just been called.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="first">Number of the operator that made its main input, or 0.</param>
    /// <param name="second">Number of the operator that made its other input, or 0.</param>
    /// <returns>Its own number in the recording, from 1.</returns>
    /// <exception cref="InvalidOperationException">No step has begun.</exception>
    public long Add(in Operator op, long first = 0, long second = 0)
    {
        if (!InStep)
        {
            throw new InvalidOperationException("an operator outside of a step");
        }

        _clock?.End();
        _operators++;
        _current.Add(op);
        _currentSources.Add(new OperatorSources(Distance(first), Distance(second)));
        return _operators;
    }

    /// <summary>Records what data decided in this step.</summary>
    /// <exception cref="InvalidOperationException">No step has begun.</exception>
    public void Decide(Decision decision)
    {
        if (!InStep)
        {
            throw new InvalidOperationException("a decision outside of a step");
        }

        _decisions.Add(decision);
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
        Step step = new(_index++, Phase, _blocks.DrainToImmutable(), committedTokens)
        {
            MeasuredNanoseconds = Measured(),
            Decisions = [.. _decisions],
        };
        _decisions.Clear();
        return step;
    }

    /// <summary>The block that has just ended stands for so many equal ones.</summary>
    /// <exception cref="InvalidOperationException">A block is still open, or there is none.</exception>
    public void RepeatLast(int times)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        if (_current.Count > 0 || _repeat == 0)
        {
            throw new InvalidOperationException("no block has just ended");
        }

        _repeat = checked(_repeat + times - 1);
    }

    private ImmutableArray<long> Measured()
    {
        if (_clock is null)
        {
            return [];
        }

        long[] nanoseconds = new long[_operators - _beforeStep];
        _clock.Read(nanoseconds);
        return ImmutableCollectionsMarshal.AsImmutableArray(nanoseconds);
    }

    /// <summary>Operators back from the one that is being added; 0 for what was made before the step.</summary>
    private int Distance(long producer) => producer > _beforeStep ? (int)(_operators - producer) : 0;

    private void CloseRun()
    {
        if (_repeat > 0)
        {
            _blocks.Add(new StepBlock(_last, _repeat) { Sources = _lastSources });
            _repeat = 0;
        }
    }
}
