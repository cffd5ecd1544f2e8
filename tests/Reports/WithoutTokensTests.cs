using System.Text.Json;
using PimSim.Experiments.Results;
using PimSim.Reports.Figures;
using PimSim.Reports.Html;
using PimSim.Reports.Tables;
using Xunit;

namespace PimSim.Reports.Tests;

/// <summary>A replayed trace that commits no tokens: what is per token is absent everywhere, never 0 or infinite, and the rest is there.</summary>
public sealed class WithoutTokensTests : IDisposable
{
    private static readonly string[] PerTokenProperties =
    [
        nameof(PointResult.TokensPerSecond), nameof(PointResult.MillisecondsPerToken), nameof(PointResult.JoulesPerToken),
        nameof(PointResult.DollarsPerMillionTokens), nameof(PointResult.FirstTokenPicoseconds),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-tokenless-").FullName;

    private static ExperimentResult Sample { get; } = SampleResult.WithoutTokens();

    [Fact]
    public void The_tables_have_dashes_and_the_replayed_times_and_the_measured_part()
    {
        ReportTable main = ResultTables.Main(Sample);
        Assert.All(main.Rows, row => Assert.Equal(["-", "-", "-", "-"], row.Skip(2).Take(4)));

        // The T4 takes 57 times as long as the reference, with tokens or without.
        Assert.Equal("57.00", main.Rows[1][6]);
        Assert.Null(ResultTables.Accounting(Sample));

        ReportTable replayed = ResultTables.Replayed(Sample)!;
        Assert.Equal(["model", "system", "compute (ms)", "opaque (ms)", "all (ms)", "as measured (% of time)", "J", "operators", "as measured"], replayed.Columns.Select(column => column.Header));

        // 310 us x 1024.
        Assert.Equal(["238.1", "79.36", "317.4", "25.00"], replayed.Rows[0].Skip(2).Take(4));
        Assert.Equal(["1204", "812"], replayed.Rows[0].Skip(7));
        Assert.Equal([main, replayed], ResultTables.All(Sample), (left, right) => left.Title == right.Title);
    }

    [Fact]
    public void A_result_with_tokens_has_no_such_table_unless_operators_were_measured()
    {
        ExperimentResult generated = SampleResult.Small();
        Assert.Null(ResultTables.Replayed(generated));
        Assert.Null(ResultTables.Replayed(generated with { Trace = Sample.Trace! with { OpaqueOperators = 0 } }));
        Assert.NotNull(ResultTables.Replayed(generated with { Trace = Sample.Trace }));
    }

    [Fact]
    public void Json_has_null_and_comes_back()
    {
        string path = Path.Combine(_folder, "results.json");
        File.WriteAllBytes(path, ResultJson.Write(Sample));
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        foreach (JsonElement point in json.RootElement.GetProperty("Points").EnumerateArray())
        {
            Assert.All(PerTokenProperties, name => Assert.Equal(JsonValueKind.Null, point.GetProperty(name).ValueKind));
        }

        ExperimentResult read = ResultJson.Read(path);
        Assert.Null(read.Points[0].TokensPerSecond);
        Assert.Equal(Sample.Trace, read.Trace);
        Assert.Equal(ResultJson.Write(Sample), ResultJson.Write(read));
    }

    [Fact]
    public void Csv_has_empty_fields()
    {
        string[] lines = ResultCsv.Points(Sample).Split('\n');
        string[] header = lines[0].Split(',');
        string[] fields = lines[1].Split(',');
        foreach (string name in (string[])["first_token_ps", "tokens_per_second", "milliseconds_per_token", "joules_per_token", "usd_per_million_tokens"])
        {
            Assert.Equal("", fields[Array.IndexOf(header, name)]);
        }

        Assert.NotEqual("", fields[Array.IndexOf(header, "elapsed_ps")]);
    }

    [Fact]
    public void The_page_and_the_figures_hold_no_number_per_token()
    {
        IReadOnlyList<RenderedFigure> figures = FigureSet.Render(Sample);
        Assert.Equal(["speed-up", "energy-ratio"], figures.Select(figure => figure.Name));
        Assert.All(figures, figure => Assert.DoesNotContain("token", figure.Title + figure.Caption, StringComparison.OrdinalIgnoreCase));
        string page = HtmlReport.Of(Sample, figures);
        Assert.Contains("Replayed trace", page, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
        Assert.DoesNotContain("n/a", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Infinity", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\u221e", page, StringComparison.Ordinal);
    }

    /// <summary>A PIM system may replay such a trace too: it has no time per token to break down.</summary>
    [Fact]
    public void A_pim_system_without_tokens_has_no_breakdown_per_token()
    {
        ExperimentResult pim = SampleResult.Small();
        pim = pim with { Trace = Sample.Trace, Points = [.. pim.Points.Select(point => point with { Tokens = 0, TokensPerSecond = null, JoulesPerToken = null, MillisecondsPerToken = null, DollarsPerMillionTokens = null })] };
        Assert.Null(ResultTables.Accounting(pim));
        Assert.Equal(["speed-up", "energy-ratio"], FigureSet.Render(pim).Select(figure => figure.Name));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
