namespace PimSim.Traces.Engine.Backends;

/// <summary>Which experts the tokens of a step visit in one layer. Backends with data derive from it to hold that data.</summary>
public class ExpertChoice
{
    /// <summary>States a choice.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="perToken">Experts that each visits.</param>
    /// <param name="visited">Experts that any of them visits.</param>
    public ExpertChoice(int tokens, int perToken, int visited)
    {
        Tokens = tokens;
        PerToken = perToken;
        Visited = visited;
    }

    /// <summary>Tokens.</summary>
    public int Tokens { get; private protected set; }

    /// <summary>Experts that each visits.</summary>
    public int PerToken { get; }

    /// <summary>Experts that any of them visits.</summary>
    public int Visited { get; private protected set; }

    /// <summary>Pairs of a token and an expert that it visits.</summary>
    public int Pairs => Tokens * PerToken;

    /// <summary>The experts of each token, from the most likely on; empty where nothing is computed.</summary>
    public virtual ReadOnlySpan<int> Chosen => [];
}
