using PimSim.Experiments.Claims;
using PimSim.Experiments.Results;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Experiments.Tests;

public class ClaimTests
{
    [Theory]
    [InlineData(10, 20, "met")]
    [InlineData(9.6, 20.9, "met")]
    [InlineData(5, 12, "overlaps")]
    [InlineData(15, 40, "overlaps")]
    [InlineData(21.5, 40, "missed")]
    [InlineData(1, 9.4, "missed")]
    public void A_verdict_says_how_far_ranges_agree(double low, double high, string verdict)
    {
        PointResult[] points = [Point("m1", "pim", low), Point("m1", "gpu", 1), Point("m2", "pim", high), Point("m2", "gpu", 1)];
        ClaimResult result = ClaimMetrics.Evaluate(Claim(ClaimMetric.SpeedUp, "gpu"), points)!;
        Assert.Equal(verdict, result.Verdict);
        Assert.Equal(low, result.SimulatedLow, 9);
        Assert.Equal(high, result.SimulatedHigh, 9);
        Assert.Equal(Math.Sqrt(low * high), result.GeometricMean, 9);
    }

    [Fact]
    public void A_claim_about_what_was_not_run_is_left_out() =>
        Assert.Null(ClaimMetrics.Evaluate(Claim(ClaimMetric.SpeedUp, "gpu"), [Point("m1", "pim", 2)]));

    [Fact]
    public void A_claim_about_tokens_is_left_out_where_none_were_generated()
    {
        PointResult[] points = [Point("m1", "pim", 2) with { TokensPerSecond = null }, Point("m1", "gpu", 1) with { TokensPerSecond = null }];
        Assert.Null(ClaimMetrics.Evaluate(Claim(ClaimMetric.SpeedUp, "gpu"), points));
        Assert.NotNull(ClaimMetrics.Evaluate(Claim(ClaimMetric.EnergyRatio, "gpu"), points));
    }

    [Fact]
    public void Metrics_follow_their_definitions()
    {
        PointResult pim = Point("m1", "pim", 4);
        PointResult gpu = Point("m1", "gpu", 1) with { JoulesPerToken = 6 };
        double Value(ClaimMetric metric, string? other = null) => ClaimMetrics.Evaluate(Claim(metric, other), [pim, gpu])!.SimulatedLow;
        Assert.Equal(3, Value(ClaimMetric.EnergyRatio, "gpu"), 9);
        Assert.Equal(98, Value(ClaimMetric.RowHitRate), 9);
        Assert.Equal(150, Value(ClaimMetric.DataMovementRatio), 9);
        Assert.Equal(300, Value(ClaimMetric.Slowdown, "quick"), 9);

        // 1,000 ps in all; 800 in products outside the ASIC.
        Assert.Equal(20, Value(ClaimMetric.NonProductShare), 9);
    }

    [Fact]
    public void Shipped_claims_are_right_and_sourced()
    {
        foreach (string name in ClaimFile.Folder.Names)
        {
            ProblemList problems = new();
            IReadOnlyList<Claim> claims = ClaimFile.Read(ClaimFile.Folder.Open(name, problems));
            problems.ThrowIfAny();
            Assert.All(claims, claim => Assert.NotEqual("", claim.Source));
            Assert.Equal(claims.Count, claims.Select(claim => claim.Id).Distinct().Count());
        }
    }

    [Fact]
    public void A_wrong_claim_is_reported_with_its_line()
    {
        ProblemList problems = new();
        ClaimFile.Read(new CatalogueEntry(DataNode.Parse(
            "bad.yaml",
            """
            kind: claims
            summary: s
            paper: p
            sources: {a: A}
            claims:
              - {id: 1, claim: c, metric: speedup, system: x, other: y, class: predictable, published: {low: {value: 2, source: a}, high: {value: 1, source: b}}}
            """,
            problems)));
        Assert.Contains(problems.Problems, problem => problem.Line == 6 && problem.Message.Contains("did you mean 'speedUp'", StringComparison.Ordinal));
        Assert.Contains(problems.Problems, problem => problem.Message.Contains("'b' is not in this file's 'sources'", StringComparison.Ordinal));
        Assert.Contains(problems.Problems, problem => problem.Message.Contains("low 2 is above high 1", StringComparison.Ordinal));
    }

    private static Claim Claim(ClaimMetric metric, string? other) => new("1", "paper", "claim", metric, "pim", other == "quick" ? "gpu" : other, [], 10, 20, "predictable", "source");

    private static PointResult Point(string model, string system, double tokensPerSecond) => new()
    {
        Model = model,
        System = system,
        Parts = [],
        Changes = [],
        Parameters = 1,
        Tokens = 1,
        ElapsedPicoseconds = system == "pim" ? 1000 : 250,
        FirstTokenPicoseconds = 1,
        TokensPerSecond = tokensPerSecond,
        MillisecondsPerToken = 1,
        Joules = 1,
        JoulesPerToken = 2,
        AverageWatts = 1,
        DollarsPerMillionTokens = 1,
        PriceBasis = "",
        TimePicoseconds = new Dictionary<string, IReadOnlyDictionary<string, long>>(StringComparer.Ordinal)
        {
            ["FfnUp"] = new Dictionary<string, long>(StringComparer.Ordinal) { ["mac-bound"] = 800, ["asic"] = 50 },
            ["Sample"] = new Dictionary<string, long>(StringComparer.Ordinal) { ["asic"] = 150 },
        },
        EnergyAttojoules = new Dictionary<string, IReadOnlyDictionary<string, decimal>>(StringComparer.Ordinal),
        TimeComponents = [],
        EnergyComponents = [],
        Counters = new Dictionary<string, long>(StringComparer.Ordinal) { ["activations"] = 2, ["columnAccesses"] = 100, ["conventionalIoBytes"] = 300, ["ioBytes"] = 2 },
        Flops = 1,
        TraceBytes = 1,
    };
}
