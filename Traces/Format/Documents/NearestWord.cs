namespace PimSim.Traces.Format.Documents;

/// <summary>Finds the word that a user most likely meant.</summary>
public static class NearestWord
{
    /// <summary>
    /// The candidate with the smallest edit distance (Levenshtein, case-insensitive) to <paramref name="word"/>, or null
    /// if none is close enough: at most one edit in three letters, and at least two.
    /// </summary>
    public static string? Find(string word, IEnumerable<string> candidates)
    {
        string? best = null;
        int bestDistance = Math.Max(2, word.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            int distance = Distance(word, candidate);
            if (distance < bestDistance)
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    /// <summary>A sentence that offers the nearest candidate, or lists all of them.</summary>
    public static string Suggest(string word, IReadOnlyCollection<string> candidates)
    {
        if (candidates.Count == 0)
        {
            return "nothing is allowed here";
        }

        string? nearest = Find(word, candidates);
        return nearest is not null
            ? $"did you mean '{nearest}'?"
            : $"known: {string.Join(", ", candidates.Order(StringComparer.Ordinal))}";
    }

    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substitution = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + substitution);
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
