using System.Globalization;
using PimSim.Experiments.Techniques;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Experiments.Tests.Techniques;

public class ReproductionTests
{
    private static readonly IReadOnlyList<TechniqueClaim> All = Reproduction.Claims(TechniqueCatalogue.Shipped, []);

    [Fact]
    public void Claims_are_told_apart_and_sourced()
    {
        Assert.Equal(All.Count, All.Select(claim => claim.Id).Distinct().Count());
        Assert.All(All, claim => Assert.NotEqual("", claim.Source));
        Assert.All(All, claim => Assert.True(claim.Published > 0, claim.Id));
        Assert.All(All, claim => Assert.Equal(claim.Metric.Compares, claim.Over is not null));

        // What a claim is compared with is not the run itself.
        Assert.All(All, claim => Assert.NotEqual(claim.Run, claim.Over));

        // The same run for the same published number would count twice.
        Assert.Empty(All.GroupBy(claim => (claim.Run, claim.Over, claim.Metric, claim.Published)).Where(group => group.Count() > 1).SelectMany(group => group.Select(claim => claim.Id)));
    }

    /// <summary>The numbers of claims that README and docs/techniques.md tell.</summary>
    [Fact]
    public void Docs_count_the_claims()
    {
        string readme = File.ReadAllText(Path.Combine(SourceTree.Root, "README.md"));
        Assert.Contains($"held to {All.Count} published numbers", readme, StringComparison.Ordinal);
        Assert.Contains($"of the {All.Count(claim => claim.Class == "predictable")} that hardware decides", readme, StringComparison.Ordinal);
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "techniques.md"));
        foreach (string word in TechniqueClaim.Classes)
        {
            Assert.Contains($"| {word} | {All.Count(claim => claim.Class == word)} |", page, StringComparison.Ordinal);
        }

        foreach (IGrouping<int, TechniqueClaim> paper in All.GroupBy(claim => claim.Paper))
        {
            string row = page.Split('\n').Single(line => line.StartsWith(string.Create(CultureInfo.InvariantCulture, $"| [{paper.Key}]("), StringComparison.Ordinal));
            int[] counts = [.. row.Split('|', StringSplitOptions.TrimEntries)[2..6].Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
            int predictable = paper.Count(claim => claim.Class == "predictable");
            Assert.Equal((predictable, paper.Count() - predictable), (counts[0], counts[3]));
        }
    }

    [Theory]
    [InlineData("speedUp", 4)] // 200 tokens in 5 s over 100 in 10 s
    [InlineData("sequenceSpeedUp", 4)] // 4 in 5 s over 2 in 10 s
    [InlineData("timeSpeedUp", 2)]
    [InlineData("decodeSpeedUp", 9 / 4.0)] // (10 - 1) / 49 over (5 - 1) / 49
    [InlineData("energyRatio", 8)] // 80 J for 100 over 20 J for 200
    [InlineData("memoryRatio", 110 / 60.0)]
    [InlineData("kvRatio", 5)]
    [InlineData("kvPerSequenceRatio", 10)]
    [InlineData("stepsRatio", 2)]
    [InlineData("latencyRatio", 0.5)]
    [InlineData("secondsPerStep", 0.1)]
    [InlineData("tokensPerStep", 4)]
    [InlineData("joulesPerToken", 0.1)]
    [InlineData("dollarsPerMillionTokens", 15_000)]
    [InlineData("kvShareOfWeights", 0.2)]
    public void Metrics_are_what_they_say(string word, double expected)
    {
        TechniqueResult run = Result(4, 200, 50, 5, 20, 50, 10) with { Dollars = 3, MeanLatencySeconds = 2 };
        TechniqueResult other = Result(2, 100, 100, 10, 80, 60, 50) with { MeanLatencySeconds = 4 };
        Assert.Equal(expected, TechniqueMetric.All[word].Value(run, other)!.Value, 1e-12);
    }

    [Fact]
    public void Shares_count_claims_on_the_edge_and_not_those_that_failed()
    {
        TechniqueClaim claim = All.First(claim => claim.Class == "predictable") with { Published = 1 };
        ReproducedClaim[] results = [new(claim, 1, null), new(claim, 0.86, null), new(claim, 1.25, null), new(claim, 1.31, null), new(claim, null, "does not fit")];
        ClassSummary own = Reproduction.Summarise(results).Single(summary => summary.Class == "predictable");
        Assert.Equal((5, 2, 3), (own.Claims, own.Within15, own.Within30));
    }

    private static TechniqueResult Result(int sequences, long tokens, int steps, double seconds, double joules, long weights, long kv) =>
        new(sequences, tokens, steps, seconds, 1, joules, null, 1, weights, kv, 1, 1, new Dictionary<string, long>(), 0);
}
