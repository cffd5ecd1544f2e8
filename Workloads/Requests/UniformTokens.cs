namespace PimSim.Workloads.Requests;

/// <summary>Every number from the least to the most is as likely; a fixed number if they are the same.</summary>
public sealed class UniformTokens : ITokenCounts
{
    private readonly int _least;
    private readonly int _most;

    /// <summary>A range, both ends included.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">It is empty or begins below 1.</exception>
    public UniformTokens(int least, int most)
    {
        TokenRange.Check(least, most);
        _least = least;
        _most = most;
    }

    /// <summary>Always the same number.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">It is below 1.</exception>
    public static UniformTokens Fixed(int tokens) => new(tokens, tokens);

    /// <inheritdoc/>
    public int Draw(ulong seed, ulong stream, ulong index) => _least + (int)new CounterRandom(seed, stream, index).Below((long)_most - _least + 1);
}
