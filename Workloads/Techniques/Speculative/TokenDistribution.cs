namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>Probabilities of the next token on the host: made from logits, drawn from, and the rule by which drafts are accepted without changing them.</summary>
public static class TokenDistribution
{
    /// <summary>Probabilities of logits at a temperature.</summary>
    public static double[] Of(ReadOnlySpan<float> logits, double temperature)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        double[] result = new double[logits.Length];
        double most = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            most = Math.Max(most, logit);
        }

        for (int token = 0; token < logits.Length; token++)
        {
            result[token] = Math.Exp((logits[token] - most) / temperature);
        }

        Normalise(result);
        return result;
    }

    /// <summary>The token at which the running sum of the probabilities passes a uniform draw; never one without probability.</summary>
    public static int Draw(ReadOnlySpan<double> probabilities, double uniform)
    {
        double sum = 0;
        int last = 0;
        for (int token = 0; token < probabilities.Length; token++)
        {
            if (probabilities[token] <= 0)
            {
                continue;
            }

            sum += probabilities[token];
            last = token;
            if (uniform < sum)
            {
                return token;
            }
        }

        return last;
    }

    /// <summary>As the other, of weights that need not add up to one, whose sum the draw is scaled by.</summary>
    public static int Draw(ReadOnlySpan<float> weights, double scaled)
    {
        int last = 0;
        for (int token = 0; token < weights.Length; token++)
        {
            if (weights[token] <= 0)
            {
                continue;
            }

            last = token;
            scaled -= weights[token];
            if (scaled < 0)
            {
                break;
            }
        }

        return last;
    }

    /// <summary>Nucleus sampling: only the likeliest tokens before which no more than <paramref name="mass"/> lies, renormalised.</summary>
    public static double[] Nucleus(ReadOnlySpan<double> probabilities, double mass)
    {
        double[] all = probabilities.ToArray();
        int[] order = [.. Enumerable.Range(0, all.Length).OrderByDescending(token => all[token]).ThenBy(token => token)];
        double[] result = new double[all.Length];
        double before = 0;
        foreach (int token in order.TakeWhile(_ => before <= mass))
        {
            result[token] = all[token];
            before += all[token];
        }

        Normalise(result);
        return result;
    }

    /// <summary>
    /// One step of speculative sampling over drafts of the same place (Leviathan et al., arXiv 2211.17192; several drafts as in SpecInfer,
    /// arXiv 2305.09781): each draft, drawn from <paramref name="draft"/>, is accepted with probability min(1, target / draft); after a refusal the
    /// target is what the draft distribution lacks of it. If none is accepted, the token is drawn from what is left. Whatever the drafts, the token
    /// has the target distribution.
    /// </summary>
    /// <param name="target">Probabilities of the model.</param>
    /// <param name="draft">Probabilities that every draft was drawn from, each anew.</param>
    /// <param name="drafts">Tokens drawn from <paramref name="draft"/>.</param>
    /// <param name="uniform">Gives uniform numbers in [0, 1).</param>
    /// <returns>The token, and which draft it is, or -1 if it was drawn anew.</returns>
    public static (int Token, int Draft) AcceptOrResample(ReadOnlySpan<double> target, ReadOnlySpan<double> draft, ReadOnlySpan<int> drafts, Func<double> uniform)
    {
        ArgumentNullException.ThrowIfNull(uniform);
        if (target.Length != draft.Length)
        {
            throw new ArgumentException($"{draft.Length} draft probabilities for {target.Length} tokens", nameof(draft));
        }

        double[] left = target.ToArray();
        for (int index = 0; index < drafts.Length; index++)
        {
            int token = drafts[index];
            if (uniform() * draft[token] < left[token])
            {
                return (token, index);
            }

            for (int other = 0; other < left.Length; other++)
            {
                left[other] = Math.Max(0, left[other] - draft[other]);
            }

            Normalise(left);
        }

        return (Draw(left, uniform()), -1);
    }

    private static void Normalise(double[] weights)
    {
        double sum = weights.Sum();
        for (int token = 0; sum > 0 && token < weights.Length; token++)
        {
            weights[token] /= sum;
        }
    }
}
