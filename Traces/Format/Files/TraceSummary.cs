using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>Operators that have something in common, repeats counted. Sums are decimals, because those of a long trace pass 64 bits.</summary>
public sealed class OperatorTotals
{
    /// <summary>Operators executed.</summary>
    public long Count { get; private set; }

    /// <summary>Their FLOPs.</summary>
    public decimal Flops { get; private set; }

    /// <summary>The bytes that they at least read and write.</summary>
    public decimal Bytes { get; private set; }

    /// <summary>Measured nanoseconds: of those that were measured, and what opaque operators say of themselves.</summary>
    public decimal Nanoseconds { get; private set; }

    /// <summary>Operators among them with a time.</summary>
    public long Timed { get; private set; }

    internal void Add(in OperatorCost cost, int count, decimal nanoseconds, long timed)
    {
        Count += count;
        Flops += (decimal)cost.Flops * count;
        Bytes += (decimal)cost.Bytes * count;
        Nanoseconds += nanoseconds;
        Timed += timed;
    }
}

/// <summary>What a trace holds, in one pass over its steps.</summary>
public sealed class TraceSummary
{
    /// <summary>The class of operators that compute nothing.</summary>
    public const int NoFlops = int.MinValue;

    /// <summary>The class of operators of which neither FLOPs nor bytes are known.</summary>
    public const int Unknown = int.MaxValue;

    private readonly SortedDictionary<OperatorRole, OperatorTotals> _roles = [];
    private readonly SortedDictionary<int, OperatorTotals> _intensities = [];
    private readonly SortedDictionary<string, long> _decisions = new(StringComparer.Ordinal);
    private readonly long[] _stepsOfPhase = new long[Enum.GetValues<Phase>().Length];

    private TraceSummary()
    {
    }

    /// <summary>Steps.</summary>
    public long Steps { get; private set; }

    /// <summary>Tokens committed.</summary>
    public long CommittedTokens { get; private set; }

    /// <summary>Steps by what they are doing.</summary>
    public IReadOnlyList<(Phase Phase, long Steps)> Phases => [.. _stepsOfPhase.Select((steps, phase) => ((Phase)phase, steps)).Where(entry => entry.steps > 0)];

    /// <summary>All operators.</summary>
    public OperatorTotals All { get; } = new();

    /// <summary>Operators by role.</summary>
    public IReadOnlyDictionary<OperatorRole, OperatorTotals> Roles => _roles;

    /// <summary>
    /// Operators by arithmetic intensity: key k holds those with 2^k to 2^(k+1) FLOPs per byte, apart from <see cref="NoFlops"/> and
    /// <see cref="Unknown"/>. In ascending order.
    /// </summary>
    public IReadOnlyDictionary<int, OperatorTotals> Intensities => _intensities;

    /// <summary>Decisions by name.</summary>
    public IReadOnlyDictionary<string, long> Decisions => _decisions;

    /// <summary>Looks at all steps of a trace.</summary>
    /// <exception cref="Documents.PimSimUserException">The file is wrong.</exception>
    public static TraceSummary Of(IStepSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        TraceSummary summary = new();
        foreach (Step step in source.Steps())
        {
            summary.Add(step);
        }

        return summary;
    }

    private void Add(Step step)
    {
        Steps++;
        CommittedTokens += step.CommittedTokens;
        _stepsOfPhase[(int)step.Phase]++;
        foreach (Decision decision in step.Decisions)
        {
            _decisions[decision.Name] = _decisions.GetValueOrDefault(decision.Name) + 1;
        }

        int before = 0;
        foreach (StepBlock block in step.Blocks)
        {
            for (int position = 0; position < block.Operators.Length; position++)
            {
                Add(step, block, before, position);
            }

            before += (int)block.Count;
        }
    }

    private void Add(Step step, StepBlock block, int before, int position)
    {
        Operator op = block.Operators[position];
        bool opaque = op.Kind == OperatorKind.Opaque;
        decimal nanoseconds = opaque ? (decimal)op.OpaqueNanoseconds * block.Repeat : 0;
        if (!step.MeasuredNanoseconds.IsEmpty)
        {
            nanoseconds = 0;
            for (int instance = 0; instance < block.Repeat; instance++)
            {
                nanoseconds += step.MeasuredNanoseconds[before + (instance * block.Operators.Length) + position];
            }
        }

        var cost = OperatorCost.Of(op);
        long timed = opaque || !step.MeasuredNanoseconds.IsEmpty ? block.Repeat : 0;
        All.Add(cost, block.Repeat, nanoseconds, timed);
        Entry(_roles, op.Role).Add(cost, block.Repeat, nanoseconds, timed);
        Entry(_intensities, ClassOf(cost)).Add(cost, block.Repeat, nanoseconds, timed);
    }

    private static int ClassOf(in OperatorCost cost) => cost switch
    {
        { Bytes: 0 } => Unknown,
        { Flops: 0 } => NoFlops,
        _ => (int)Math.Floor(Math.Log2((double)cost.Flops / cost.Bytes)),
    };

    private static OperatorTotals Entry<TKey>(SortedDictionary<TKey, OperatorTotals> table, TKey key)
        where TKey : notnull
    {
        if (!table.TryGetValue(key, out OperatorTotals? totals))
        {
            table[key] = totals = new OperatorTotals();
        }

        return totals;
    }
}
