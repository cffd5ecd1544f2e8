namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>The text of a masked diffusion model: a prompt, and places that are masked until they are given a token, once each.</summary>
internal sealed class Canvas
{
    private readonly int[] _tokens;
    private readonly bool[] _masked;

    /// <summary>Masks all places behind the prompt.</summary>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="wanted">Places to fill.</param>
    /// <param name="mask">The token that stands for no token.</param>
    public Canvas(ReadOnlySpan<int> prompt, int wanted, int mask)
    {
        Prompt = prompt.Length;
        Mask = mask;
        _tokens = new int[checked(prompt.Length + wanted)];
        prompt.CopyTo(_tokens);
        _tokens.AsSpan(prompt.Length).Fill(mask);
        _masked = new bool[_tokens.Length];
        _masked.AsSpan(prompt.Length).Fill(true);
        Masked = wanted;
    }

    /// <summary>Tokens of the prompt.</summary>
    public int Prompt { get; }

    /// <summary>All places.</summary>
    public int Length => _tokens.Length;

    /// <summary>The token that stands for no token.</summary>
    public int Mask { get; }

    /// <summary>Places that are still masked.</summary>
    public int Masked { get; private set; }

    /// <summary>The tokens of places, the mask where there is none yet.</summary>
    public ReadOnlySpan<int> Tokens => _tokens;

    /// <summary>The first masked place; the length if there is none.</summary>
    public int FirstMasked => Array.IndexOf(_masked, true) is >= 0 and var place ? place : Length;

    /// <summary>Whether a place is masked.</summary>
    public bool IsMasked(int place) => _masked[place];

    /// <summary>Masked places from the first of a range up to its end.</summary>
    public int[] MaskedIn(int first, int end) => [.. Enumerable.Range(first, end - first).Where(place => _masked[place])];

    /// <summary>The likeliest token that is not the mask: a place that is filled is never a mask.</summary>
    public (int Token, double Probability) Best(ReadOnlySpan<float> probabilities)
    {
        int best = Mask == 0 ? 1 : 0;
        for (int token = 0; token < probabilities.Length; token++)
        {
            if (token != Mask && probabilities[token] > probabilities[best])
            {
                best = token;
            }
        }

        return (best, probabilities[best]);
    }

    /// <summary>Gives a masked place its token.</summary>
    /// <exception cref="InvalidOperationException">It has one.</exception>
    public void Fill(int place, int token)
    {
        if (!_masked[place])
        {
            throw new InvalidOperationException($"place {place} has its token already");
        }

        _masked[place] = false;
        _tokens[place] = token;
        Masked--;
    }
}
