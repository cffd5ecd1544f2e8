using System.Text;
using System.Text.RegularExpressions;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

/// <summary>Byte-level BPE as its paper says it: in every word, merge the pair that was learned first until none is left.</summary>
internal sealed class NaiveBpe
{
    private readonly Random _random;

    public NaiveBpe(int seed)
    {
        _random = new Random(seed);
        foreach (int value in Enumerable.Range(0, 256).OrderBy(_ => _random.Next()))
        {
            Vocabulary[Letter(value)] = Vocabulary.Count;
        }

        // Letters that texts of the tests use, so that merges happen.
        string[] letters = [.. "abcde \n'st1é日"u8.ToArray().Select(value => Letter(value)).Distinct()];
        List<string> tokens = [.. letters];
        while (Merges.Count < 60)
        {
            string left = tokens[_random.Next(tokens.Count)];
            string right = tokens[_random.Next(tokens.Count)];
            if (left.Length + right.Length <= 8 && Vocabulary.TryAdd(left + right, Vocabulary.Count))
            {
                Merges.Add((left, right));
                tokens.Add(left + right);
            }
        }

        // In the vocabulary, but no merge leads to it.
        Vocabulary.TryAdd("aabbccddee", Vocabulary.Count);
    }

    public Dictionary<string, int> Vocabulary { get; } = [];

    public List<(string Left, string Right)> Merges { get; } = [];

    public string RandomText(int length)
    {
        string[] pieces = ["a", "b", "c", "d", "e", "ab", " ", "  ", "\n", "'s", "'t", "1", "22", "é", "日本", "!", "?!", "😀", "aabbccddee"];
        return string.Concat(Enumerable.Range(0, length).Select(_ => pieces[_random.Next(pieces.Length)]));
    }

    public List<int> Encode(string text, Regex words)
    {
        List<int> ids = [];
        int end = 0;
        foreach (Match match in words.Matches(text).Where(match => match.Length > 0))
        {
            EncodeWord(text[end..match.Index], ids);
            EncodeWord(match.Value, ids);
            end = match.Index + match.Length;
        }

        EncodeWord(text[end..], ids);
        return ids;
    }

    public static string Letter(int value)
    {
        bool printable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
        int before = Enumerable.Range(0, value).Count(other => other is not ((>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255)));
        return ((char)(printable ? value : 256 + before)).ToString();
    }

    private void EncodeWord(string word, List<int> ids)
    {
        List<string> parts = [.. Encoding.UTF8.GetBytes(word).Select(value => Letter(value))];
        while (true)
        {
            int best = Enumerable.Range(0, Math.Max(0, parts.Count - 1)).Select(index => Rank(parts, index)).DefaultIfEmpty(int.MaxValue).Min();
            if (best == int.MaxValue)
            {
                break;
            }

            int at = Enumerable.Range(0, parts.Count - 1).First(index => Rank(parts, index) == best);
            parts[at] += parts[at + 1];
            parts.RemoveAt(at + 1);
        }

        ids.AddRange(parts.Select(part => Vocabulary[part]));
    }

    private int Rank(List<string> parts, int index)
    {
        int rank = Merges.IndexOf((parts[index], parts[index + 1]));
        return rank < 0 ? int.MaxValue : rank;
    }
}
