using PimSim.Traces.Engine.Models;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// The experts of each token with their weights, and the pairs of both sorted by expert: tokens of one expert follow each other in the order of
/// tokens. One object is used again and again.
/// </summary>
internal sealed class CpuExpertChoice(ModelShape shape) : ExpertChoice(0, shape.ExpertsPerToken, 0)
{
    private readonly int[] _starts = new int[shape.Experts + 1];
    private readonly int[] _next = new int[shape.Experts];
    private int[] _chosen = [];
    private int[] _places = [];
    private float[] _weights = [];

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Chosen => _chosen.AsSpan(0, Pairs);

    /// <summary>Of each of the <see cref="Chosen"/> its place among the pairs sorted by expert.</summary>
    public ReadOnlySpan<int> Places => _places.AsSpan(0, Pairs);

    /// <summary>Of each of the <see cref="Chosen"/> the weight of its result.</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, Pairs);

    /// <summary>The first pair of an expert among those sorted, and how many there are.</summary>
    public (int First, int Count) PairsOf(int expert) => (_starts[expert], _starts[expert + 1] - _starts[expert]);

    /// <summary>Takes the best experts of each token, ranked by <paramref name="ranking"/>, and weighs them by the softmax of all scores.</summary>
    /// <param name="scores">[tokens, experts].</param>
    /// <param name="best">The largest of them: [tokens, experts per token].</param>
    /// <param name="ranking">Knows their experts.</param>
    public void Set(CpuTensor scores, CpuTensor best, TopKWork ranking)
    {
        Tokens = scores.Rows;
        if (_chosen.Length < Pairs)
        {
            _chosen = new int[Pairs];
            _places = new int[Pairs];
            _weights = new float[Pairs];
        }

        ranking.CopyIndices(_chosen.AsSpan(0, Pairs));
        for (int token = 0; token < Tokens; token++)
        {
            Weigh(scores.Row(token), best.Row(token), shape.NormalisedRouting, _weights.AsSpan(token * PerToken, PerToken));
        }

        Sort();
    }

    /// <summary>Weights of the experts that a token visits.</summary>
    /// <param name="scores">Of all experts.</param>
    /// <param name="best">Of those that it visits, the largest first.</param>
    /// <param name="normalised">The weights add up to 1; else they are probabilities over all experts.</param>
    /// <param name="weights">Room for as many as <paramref name="best"/>.</param>
    public static void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<float> best, bool normalised, Span<float> weights)
    {
        // Double precision: a few numbers of each token, and what they add up to decides how much of it goes on.
        double all = 0;
        foreach (float score in normalised ? best : scores)
        {
            all += Math.Exp(score - (double)best[0]);
        }

        for (int slot = 0; slot < weights.Length; slot++)
        {
            weights[slot] = (float)(Math.Exp(best[slot] - (double)best[0]) / all);
        }
    }

    private void Sort()
    {
        Array.Clear(_starts);
        foreach (int expert in Chosen)
        {
            _starts[expert + 1]++;
        }

        Visited = shape.Experts - _starts.AsSpan(1).Count(0);
        for (int expert = 0; expert < shape.Experts; expert++)
        {
            _starts[expert + 1] += _starts[expert];
            _next[expert] = _starts[expert];
        }

        for (int pair = 0; pair < Pairs; pair++)
        {
            _places[pair] = _next[_chosen[pair]]++;
        }
    }
}
