namespace PimSim.Traces.Engine.Networks;

/// <summary>
/// Which experts the tokens of a tensor visit, and how much each of them counts. Without data it only says how many are expected to be visited
/// by anybody, if every token chooses for itself and none is preferred: E (1 - (1 - k/E)^n).
/// </summary>
public sealed class ExpertRouting
{
    private readonly int[] _chosen;
    private readonly float[] _weights;

    /// <summary>Without data.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="perToken">Experts that each visits.</param>
    /// <param name="experts">Experts that there are.</param>
    public ExpertRouting(int tokens, int perToken, int experts)
        : this(tokens, perToken, experts, [], [])
    {
        double expected = experts * (1 - Math.Pow(1 - ((double)perToken / experts), tokens));
        Visited = Math.Clamp((int)Math.Round(expected), Math.Min(perToken, experts), (int)Math.Min(experts, (long)tokens * perToken));
    }

    /// <summary>With data.</summary>
    /// <param name="perToken">Experts that each token visits.</param>
    /// <param name="experts">Experts that there are.</param>
    /// <param name="chosen">The experts of each token, from the best on.</param>
    /// <param name="weights">How much the result of each counts.</param>
    public ExpertRouting(int perToken, int experts, int[] chosen, float[] weights)
        : this((chosen ?? throw new ArgumentNullException(nameof(chosen))).Length / perToken, perToken, experts, chosen, weights) => Visited = chosen.Distinct().Count();

    private ExpertRouting(int tokens, int perToken, int experts, int[] chosen, float[] weights)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perToken, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(perToken, experts);
        (Tokens, PerToken, Experts, _chosen, _weights) = (tokens, perToken, experts, chosen, weights);
    }

    /// <summary>Tokens.</summary>
    public int Tokens { get; }

    /// <summary>Experts that each visits.</summary>
    public int PerToken { get; }

    /// <summary>Experts that there are.</summary>
    public int Experts { get; }

    /// <summary>Experts that any of them visits.</summary>
    public int Visited { get; }

    /// <summary>Pairs of a token and an expert that it visits.</summary>
    public int Pairs => checked(Tokens * PerToken);

    /// <summary>The experts of each token, from the best on; empty where nothing is computed.</summary>
    public ReadOnlySpan<int> Chosen => _chosen;

    /// <summary>How much the result of each of the <see cref="Chosen"/> counts.</summary>
    public ReadOnlySpan<float> Weights => _weights;

    /// <summary>The pairs of an expert, in the order of tokens.</summary>
    public int[] PairsOf(int expert) => [.. Enumerable.Range(0, _chosen.Length).Where(pair => _chosen[pair] == expert)];
}
