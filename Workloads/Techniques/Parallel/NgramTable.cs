namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>How often each token follows each short run of tokens in a text.</summary>
public sealed class NgramTable
{
    private readonly Dictionary<string, Dictionary<int, int>>[] _counts;

    /// <summary>Counts a text.</summary>
    /// <param name="text">Its tokens.</param>
    /// <param name="longest">Longest run before a token.</param>
    public NgramTable(ReadOnlySpan<int> text, int longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        _counts = [.. Enumerable.Range(0, longest).Select(_ => new Dictionary<string, Dictionary<int, int>>(StringComparer.Ordinal))];
        for (int length = 1; length <= longest; length++)
        {
            for (int place = length; place < text.Length; place++)
            {
                string run = Key(text[(place - length)..place]);
                if (!_counts[length - 1].TryGetValue(run, out Dictionary<int, int>? next))
                {
                    _counts[length - 1][run] = next = [];
                }

                next[text[place]] = next.GetValueOrDefault(text[place]) + 1;
            }
        }
    }

    /// <summary>Longest run.</summary>
    public int Longest => _counts.Length;

    /// <summary>Share of a token among all that follow a run; null where the run does not occur.</summary>
    public double? Probability(ReadOnlySpan<int> run, int token) =>
        _counts[run.Length - 1].TryGetValue(Key(run), out Dictionary<int, int>? next) ? (double)next.GetValueOrDefault(token) / next.Values.Sum() : null;

    private static string Key(ReadOnlySpan<int> run) => string.Join(' ', run.ToArray());
}
