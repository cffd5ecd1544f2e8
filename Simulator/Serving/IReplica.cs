using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Serving;

/// <summary>One copy of a model on its devices: what an iteration over a batch costs, and how much cache it has room for.</summary>
public interface IReplica
{
    /// <summary>Where the time and the energy of all iterations went.</summary>
    CostLedger Ledger { get; }

    /// <summary>Tokens of all sequences together whose keys and values fit beside the weights.</summary>
    long KvCapacityTokens { get; }

    /// <summary>Tokens whose keys and values its memory gives room for at a time: a block of the scheduler is a multiple of it.</summary>
    int KvPageTokens => 1;

    /// <summary>
    /// Iterations that it can have in flight at once, over batches of different requests that share its memory: the stages of a pipeline. The scheduler then
    /// starts one before others have ended, in the order of calls.
    /// </summary>
    int BatchesInFlight => 1;

    /// <summary>How the sequences that generate are put together for <see cref="Run"/>.</summary>
    SequenceGrouping Grouping => SequenceGrouping.Together;

    /// <summary>Bytes of keys and values of one token, over all layers and devices.</summary>
    long KvBytesPerToken { get; }

    /// <summary>Longest sequence, prompt and output together, that the model can take.</summary>
    long ModelLengthTokens { get; }

    /// <summary>The replicas that it runs together with; null if it runs alone. Then <see cref="Run"/> is not called.</summary>
    IReplicaGroup? Group => null;

    /// <summary>
    /// Runs one iteration that starts at <paramref name="start"/>: books its time and energy and returns when it ends, not before
    /// it starts. Iterations of one replica overlap only as far as it says. The groups are valid during the call only; those that decode come first.
    /// </summary>
    Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start);
}
