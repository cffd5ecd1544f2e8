using System.Collections.Immutable;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>A continuation of a draft by one token.</summary>
/// <param name="Parent">Which draft it continues.</param>
/// <param name="Token">By which token.</param>
/// <param name="LogProbability">Of the whole draft.</param>
public readonly record struct Continuation(int Parent, int Token, double LogProbability);

/// <summary>
/// How Superposed Decoding tells its drafts apart, as the authors' code does: the model gives one distribution for all of them; of its likeliest
/// tokens each draft's n-grams say which go with it, p = model^(1 - alpha) n-gram^alpha, and the likeliest k of all continuations stay.
/// </summary>
/// <param name="Candidates">Tokens of the model's distribution that are looked at.</param>
/// <param name="Alpha">Weight of the n-grams; 0 for the model alone.</param>
/// <param name="Weights">Of runs of 1, 2 ... tokens; none for the model alone.</param>
/// <param name="Penalty">Taken off the logarithm of drafts that no n-gram knows.</param>
public sealed record DraftSelection(int Candidates, double Alpha, ImmutableArray<double> Weights, double Penalty)
{
    /// <summary>The tokens looked at with their renormalised probabilities, likeliest first.</summary>
    public (int Token, double Probability)[] Likeliest(ReadOnlySpan<double> model)
    {
        double[] all = model.ToArray();
        int[] tokens = [.. Enumerable.Range(0, all.Length).OrderByDescending(token => all[token]).ThenBy(token => token).Take(Candidates)];
        double sum = tokens.Sum(token => all[token]);
        return [.. tokens.Select(token => (token, all[token] / sum))];
    }

    /// <summary>The next drafts, likeliest first.</summary>
    /// <param name="model">Probabilities that the model gives after all drafts at once.</param>
    /// <param name="drafts">Text of each draft, the prompt included.</param>
    /// <param name="logProbabilities">Of each draft.</param>
    /// <param name="grams">Counts; null for the model alone.</param>
    /// <param name="isFirst">The drafts are still equal: continuations of the first alone count.</param>
    public ImmutableArray<Continuation> Next(ReadOnlySpan<double> model, IReadOnlyList<int[]> drafts, IReadOnlyList<double> logProbabilities, NgramTable? grams, bool isFirst)
    {
        ArgumentNullException.ThrowIfNull(drafts);
        ArgumentNullException.ThrowIfNull(logProbabilities);
        (int Token, double Probability)[] likeliest = Likeliest(model);
        List<Continuation> all = [];
        for (int draft = 0; draft < (isFirst ? 1 : drafts.Count); draft++)
        {
            double[] logs = [.. likeliest.Select(candidate => Log(candidate, drafts[draft], grams))];
            bool isUnknown = logs.All(double.IsNegativeInfinity);
            for (int index = 0; index < likeliest.Length; index++)
            {
                double log = isUnknown ? ((1 - Alpha) * Math.Log(likeliest[index].Probability)) - Penalty : logs[index];
                all.Add(new Continuation(draft, likeliest[index].Token, logProbabilities[draft] + log));
            }
        }

        return [.. all.OrderByDescending(one => one.LogProbability).ThenBy(one => one.Parent).ThenBy(one => one.Token).Take(drafts.Count)];
    }

    private double Log((int Token, double Probability) candidate, int[] draft, NgramTable? grams)
    {
        if (grams is null)
        {
            return Math.Log(candidate.Probability);
        }

        double known = 0;
        for (int length = 1; length <= Math.Min(Weights.Length, draft.Length); length++)
        {
            known += Weights[length - 1] * (grams.Probability(draft.AsSpan(^length..), candidate.Token) ?? 0);
        }

        return ((1 - Alpha) * Math.Log(candidate.Probability)) + (Alpha * Math.Log(known));
    }
}
