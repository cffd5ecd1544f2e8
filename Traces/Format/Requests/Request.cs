using System.Collections.Immutable;

namespace PimSim.Traces.Format.Requests;

/// <summary>One request to a serving system, as a request trace records it.</summary>
/// <param name="ArrivalNanoseconds">
/// When it arrived, counted from the first request of its trace; never less than that of the request before. Nanoseconds
/// and not picoseconds: BurstGPT spans 121 days, and 63 bits of picoseconds end after 106.
/// </param>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens generated; 0 where the recorded request failed.</param>
public readonly record struct Request(long ArrivalNanoseconds, int InputTokens, int OutputTokens)
{
    private readonly ImmutableArray<long> _prefixBlocks;

    /// <summary>
    /// Identities of the prompt's blocks of tokens, from its start: two requests share the cache of as many leading tokens
    /// as they share leading blocks. Empty where the trace does not say.
    /// </summary>
    public ImmutableArray<long> PrefixBlocks
    {
        get => _prefixBlocks.IsDefault ? [] : _prefixBlocks;
        init => _prefixBlocks = value;
    }

    /// <summary>The conversation that it belongs to, where the trace says so.</summary>
    public string? Session { get; init; }

    /// <summary>The model that was asked, where the trace says so.</summary>
    public string? Model { get; init; }

    /// <inheritdoc/>
    public bool Equals(Request other) =>
        ArrivalNanoseconds == other.ArrivalNanoseconds
        && InputTokens == other.InputTokens
        && OutputTokens == other.OutputTokens
        && Session == other.Session
        && Model == other.Model
        && PrefixBlocks.AsSpan().SequenceEqual(other.PrefixBlocks.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ArrivalNanoseconds, InputTokens, OutputTokens, Session);
}
