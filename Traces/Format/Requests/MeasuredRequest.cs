using System.Collections.Immutable;

namespace PimSim.Traces.Format.Requests;

/// <summary>How one request fared in a real serving system, in nanoseconds.</summary>
/// <param name="Index">Zero-based place in its file.</param>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens generated.</param>
/// <param name="TimeToFirstTokenNanoseconds">From the request to its first token.</param>
/// <param name="LatencyNanoseconds">From the request to its last token.</param>
public sealed record MeasuredRequest(int Index, int InputTokens, int OutputTokens, long TimeToFirstTokenNanoseconds, long LatencyNanoseconds)
{
    /// <summary>When it was sent, counted from the earliest of its file; null where that is not recorded.</summary>
    public long? StartNanoseconds { get; init; }

    /// <summary>From the request to the start of its prefill; null where that is not recorded.</summary>
    public long? QueueNanoseconds { get; init; }

    /// <summary>Times between one token (or, with speculation, one group of tokens) and the next; empty where they are not recorded.</summary>
    public ImmutableArray<long> InterTokenNanoseconds { get; init; } = [];

    /// <summary>Why it failed; null if it did not.</summary>
    public string? Error { get; init; }
}
