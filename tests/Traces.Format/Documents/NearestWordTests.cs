using CsCheck;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Traces.Format.Tests.Documents;

public class NearestWordTests
{
    private static readonly Gen<string> Word = Gen.Char["abcd"].Array[0, 6].Select(letters => new string(letters));

    [Fact]
    public void The_nearest_word_has_the_smallest_edit_distance() => Gen.Select(Word, Word.Array[1, 6]).Sample((word, candidates) =>
    {
        int best = candidates.Min(candidate => Distance(word, candidate));
        string? found = NearestWord.Find(word, candidates);
        if (best > Math.Max(2, word.Length / 3))
        {
            Assert.Null(found);
        }
        else
        {
            Assert.Equal(best, Distance(word, found!));
        }
    });

    [Fact]
    public void Case_does_not_count() => Assert.Equal("tRCD", NearestWord.Find("TRCD", ["tRP", "tRCD"]));

    [Fact]
    public void All_words_are_listed_when_none_is_near()
    {
        Assert.Equal("known: alpha, beta", NearestWord.Suggest("quantum", ["beta", "alpha"]));
        Assert.Equal("nothing is allowed here", NearestWord.Suggest("quantum", []));
    }

    // The textbook recursion, which shares nothing with the table in the code.
    private static int Distance(string a, string b)
    {
        if (a.Length == 0 || b.Length == 0)
        {
            return a.Length + b.Length;
        }

        return a[0] == b[0]
            ? Distance(a[1..], b[1..])
            : 1 + Math.Min(Distance(a[1..], b[1..]), Math.Min(Distance(a[1..], b), Distance(a, b[1..])));
    }
}
