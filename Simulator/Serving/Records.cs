using PimSim.Simulator.Kernel;

namespace PimSim.Simulator.Serving;

/// <summary>A request that has been served.</summary>
/// <param name="Number">Its number, from 0, in the order in which the source named it.</param>
/// <param name="Replica">Where it ended.</param>
/// <param name="Arrival">When it arrived.</param>
/// <param name="Admitted">When the first iteration that worked on it was composed.</param>
/// <param name="FirstToken">When its first token was out.</param>
/// <param name="Finished">When its last token was out.</param>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens generated.</param>
/// <param name="PrefixHitTokens">Tokens of the prompt whose keys and values were in the cache already.</param>
/// <param name="Preemptions">How often it lost its memory.</param>
public readonly record struct RequestRecord(
    long Number,
    int Replica,
    Picoseconds Arrival,
    Picoseconds Admitted,
    Picoseconds FirstToken,
    Picoseconds Finished,
    int InputTokens,
    int OutputTokens,
    int PrefixHitTokens,
    int Preemptions)
{
    /// <summary>From arrival to the first token.</summary>
    public Picoseconds TimeToFirstToken => FirstToken - Arrival;

    /// <summary>From arrival to the last token.</summary>
    public Picoseconds EndToEnd => Finished - Arrival;

    /// <summary>From the first token to the last, per token after the first; 0 where there is only one.</summary>
    public Picoseconds TimePerOutputToken => OutputTokens > 1 ? new((Finished - FirstToken).Value / (OutputTokens - 1)) : Picoseconds.Zero;
}

/// <summary>A request that could never run.</summary>
/// <param name="Number">Its number, from 0, in the order in which the source named it.</param>
/// <param name="Arrival">When it arrived.</param>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens asked for.</param>
/// <param name="Reason">Why.</param>
public readonly record struct RejectedRequest(long Number, Picoseconds Arrival, int InputTokens, int OutputTokens, RejectionReason Reason);

/// <summary>One iteration of one replica.</summary>
/// <param name="Replica">The replica's number.</param>
/// <param name="Start">When it was composed; blocks are swapped first.</param>
/// <param name="Swap">How long swapping took.</param>
/// <param name="End">When it ended.</param>
/// <param name="Sequences">Sequences in it.</param>
/// <param name="Tokens">Rows forwarded.</param>
/// <param name="UsedBlocks">KV blocks in use during it.</param>
public readonly record struct IterationRecord(int Replica, Picoseconds Start, Picoseconds Swap, Picoseconds End, int Sequences, int Tokens, int UsedBlocks);
