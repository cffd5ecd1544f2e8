using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Replay;

/// <summary>
/// Hardware that executes operators one after another and books the time and energy of each in its ledger. Rows of the
/// ledger are <see cref="LedgerRows"/>. A device is stateful: open rows, refresh and queued work carry over from one
/// operator to the next. Not thread-safe.
/// </summary>
public interface IDevice
{
    /// <summary>The name of the device's catalogue entry.</summary>
    string Name { get; }

    /// <summary>
    /// Where time and energy went so far. From the start of a step to its end, every picosecond is booked exactly once.
    /// </summary>
    CostLedger Ledger { get; }

    /// <summary>Monotone counts by name (commands, row hits, bytes moved), for reports; 0 before the first operator.</summary>
    IReadOnlyDictionary<string, long> Counters { get; }

    /// <summary>Puts a model and its cache into the memory.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">It does not fit, with both sizes; or it needs something
    /// that the device can't do.</exception>
    void Load(ModelFootprint footprint);

    /// <summary>Bytes that the keys and values of a model take in this memory, in the type that the device's software keeps them in.</summary>
    long KvBytes(ModelFootprint footprint);

    /// <summary>Called before the first operator of a step.</summary>
    /// <returns>When the first operator may start, at or after <paramref name="start"/>.</returns>
    Picoseconds BeginStep(Step step, Picoseconds start);

    /// <summary>Executes one operator.</summary>
    /// <param name="op">What to do.</param>
    /// <param name="instance">Which of the equal layers it belongs to, from 0.</param>
    /// <param name="start">At or after the end of the operator before.</param>
    /// <returns>When its result is ready.</returns>
    Picoseconds Execute(in Operator op, int instance, Picoseconds start);

    /// <summary>Called after the last operator of a step.</summary>
    /// <returns>When the step is over, at or after <paramref name="end"/>.</returns>
    Picoseconds EndStep(Step step, Picoseconds end);

    /// <summary>Books the energy of a span between steps in which the device has nothing to do. It books no time.</summary>
    void Rest(Picoseconds span);
}

/// <summary>Rows of a device ledger: one per operator role, and one for what belongs to no operator.</summary>
public static class LedgerRows
{
    private static readonly string[] RoleNames = Enum.GetNames<OperatorRole>();

    /// <summary>Number of rows.</summary>
    public static int Count => RoleNames.Length + 1;

    /// <summary>The row of time and energy between operators: host work, idling.</summary>
    public static int Between => RoleNames.Length;

    /// <summary>Names of the rows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. RoleNames, "Between"];

    /// <summary>The row of a role.</summary>
    public static int Of(OperatorRole role) => (int)role;
}
