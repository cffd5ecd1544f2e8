using System.Text.Json;
using System.Xml.Linq;
using PimSim.Experiments.Matrix;
using PimSim.Experiments.Techniques;
using PimSim.Reports.Figures;
using PimSim.Reports.Matrix;
using PimSim.Reports.Tables;
using PimSim.Reports.Tests.Figures;
using PimSim.Reports.Tests.Tables;
using Xunit;

namespace PimSim.Reports.Tests.Matrix;

public class MatrixReportTests
{
    private const string Evil = "<b>does not fit</b>, \"at all\".";

    private static readonly MatrixResult Sample = new()
    {
        Title = "two on three",
        Version = "0.1.0+abc",
        InputHash = "0123456789abcdef",
        Systems = [new MatrixSystem("A100", "a GPU", [], "rented", null), new MatrixSystem("PIM x8", "a memory", ["memory.x = 1"], "bought", 64), new MatrixSystem("T4", "small", [], "rented", null)],
        Workloads = [("own", "each on its own"), ("batch 1", "a model")],
        Points =
        [
            Point("medusa", "own", "A100", Result(50, ("launch", 20), ("memory", 30)), Result(100, ("launch", 80), ("memory", 20))),
            Point("medusa", "own", "PIM x8", Result(400, ("mac-bound", 400)), Result(100, ("mac-bound", 60), ("asic", 40))) with { WantedTokens = 512 },
            Point("medusa", "own", "T4", null, null, Evil),
            Point("medusa", "batch 1", "A100", Result(99, ("memory", 99)), Result(100, ("memory", 100))),
            Point("medusa", "batch 1", "PIM x8", null, null, "same"),
            Point("medusa", "batch 1", "T4", null, null, "same"),
        ],
    };

    [Fact]
    public void A_sentence_says_where_it_pays_where_not_and_why()
    {
        (string Workload, string Text)[] sentences = [.. MatrixSentences.Of(Sample, "medusa")];
        Assert.Equal(
            [
                ("own", "Pays on A100 (2.00 x: bound by bandwidth 60 %, plain decoding by launch 80 %, saves 60 % in launch); "
                    + "costs on PIM x8 (0.250 x: bound by bandwidth 100 %, adds 340 % in bandwidth); not run on T4: <b>does not fit</b>, \"at all\"."),
                ("batch 1", "Makes no difference on A100 (1.01 x: bound by bandwidth 100 %); not run on PIM x8, T4: same."),
            ],
            sentences);
    }

    [Fact]
    public void A_note_says_what_is_not_as_asked()
    {
        Assert.Equal($"not run: {Evil}", MatrixTables.Note(Sample.Points[2]));
        Assert.Equal("64 tokens of 512, as it takes long to simulate", MatrixTables.Note(Sample.Points[1]));
        Assert.Equal("", MatrixTables.Note(Sample.Points[0]));
        Assert.Equal("over var; speed-up of sequences per second", MatrixTables.Note(Sample.Points[0] with { Over = "var", IsSequences = true }));
    }

    [Fact]
    public void The_table_has_a_row_for_each_technique_and_a_column_for_each_system()
    {
        ReportTable table = MatrixTables.SpeedUps(Sample, "own", "each on its own");
        Assert.Equal(["technique", "family", "model", "A100", "PIM x8", "T4"], table.Columns.Select(column => column.Header));
        Assert.Equal(["medusa", "speculative", "m", "2.00", "0.250", "-"], Assert.Single(table.Rows));
    }

    [Fact]
    public void The_CSV_has_a_line_for_each_point_and_exact_numbers()
    {
        string[][] rows = [.. CsvText.Parse(MatrixFolder.Csv(Sample)).Select(row => row.ToArray())];
        Assert.Equal(1 + Sample.Points.Count, rows.Length);
        Assert.All(rows, row => Assert.Equal(rows[0].Length, row.Length));
        int speedUp = Array.IndexOf(rows[0], "speed_up");
        Assert.Equal(["2", "0.25", ""], rows[1..4].Select(row => row[speedUp]));
        Assert.Equal($"not run: {Evil}", rows[3][^1]);
    }

    [Fact]
    public void The_JSON_has_the_times_of_both_runs_and_equal_results_give_equal_bytes()
    {
        Assert.Equal(MatrixFolder.Json(Sample), MatrixFolder.Json(Sample with { }));
        using var json = JsonDocument.Parse(MatrixFolder.Json(Sample));
        JsonElement point = json.RootElement.GetProperty("points")[0];
        Assert.Equal((20, 80), (point.GetProperty("picoseconds").GetProperty("launch").GetInt32(), point.GetProperty("plainPicoseconds").GetProperty("launch").GetInt32()));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("points")[2].GetProperty("picoseconds").ValueKind);
        Assert.Equal(2, json.RootElement.GetProperty("sentences").GetArrayLength());
    }

    [Fact]
    public void The_page_has_the_maps_the_tables_and_the_sentences_and_is_well_formed()
    {
        string page = MatrixPage.Of(Sample, MatrixFigures.Render(Sample));
        XElement html = XElement.Parse(page[page.IndexOf("<html", StringComparison.Ordinal)..]);
        Assert.Equal(2, html.Descendants("figure").Count());
        Assert.Equal(5, html.Descendants("table").Count());
        Assert.Contains("saves 60 % in launch", html.Value, StringComparison.Ordinal);
        Assert.Contains("PIM x8: at most 64 tokens generated.", html.Value, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>does", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_map_has_the_names_and_the_numbers_in_colours_that_say_faster_and_slower()
    {
        IReadOnlyList<RenderedFigure> figures = MatrixFigures.Render(Sample);
        Assert.Equal(["speed-up-own", "speed-up-batch-1"], figures.Select(figure => figure.Name));
        string[] texts = [.. XElement.Parse(figures[0].Svg[figures[0].Svg.IndexOf("<svg", StringComparison.Ordinal)..]).Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value.Trim())];
        Assert.All(["medusa", "A100", "PIM x8", "T4", "2.00", "0.250", "–", "not run"], text => Assert.Contains(text, texts));
        Picture picture = new(figures[0].Png);
        Assert.Equal(0, picture.InkAtBorder(8));

        Assert.Equal(HeatMapChart.ColorOf(4), HeatMapChart.ColorOf(100));
        Assert.Equal(HeatMapChart.ColorOf(0.25), HeatMapChart.ColorOf(0.01));
        Assert.Equal(ScottPlot.Colors.White, HeatMapChart.ColorOf(1));
        Assert.True(HeatMapChart.ColorOf(2).B > HeatMapChart.ColorOf(2).R && HeatMapChart.ColorOf(0.5).R > HeatMapChart.ColorOf(0.5).B);
        Assert.True(HeatMapChart.ColorOf(3).R < HeatMapChart.ColorOf(2).R);
    }

    [Fact]
    public void A_map_of_many_techniques_grows_in_height_alone()
    {
        MatrixResult many = Sample with { Points = [.. Enumerable.Range(0, 60).SelectMany(index => Sample.Points.Take(3).Select(point => point with { Technique = $"technique-{index}" }))] };
        Picture small = new(MatrixFigures.Render(Sample)[0].Png), large = new(MatrixFigures.Render(many)[0].Png);
        Assert.Equal(small.Width, large.Width);
        Assert.InRange(large.Height - small.Height, 59 * 40, 59 * 60);
        Assert.Equal(0, large.InkAtBorder(8));
    }

    private static MatrixPoint Point(string technique, string workload, string system, TechniqueResult? result, TechniqueResult? plain, string fault = "") => new()
    {
        Technique = technique,
        Family = "speculative",
        Paper = 9,
        System = system,
        Workload = workload,
        Run = new TechniqueRun(technique, "m", new RunHardware(system, null, null, 1), 16, 64, 1, ""),
        WantedTokens = 64,
        IsSequences = false,
        Result = result,
        Plain = plain,
        Over = "autoregressive",
        Fault = fault,
    };

    private static TechniqueResult Result(long picoseconds, params (string Word, long Time)[] times) => new(
        1, 10, 1, picoseconds * 1e-12, null, 1, 0.5, 1, 1, 1, 1, 1, times.ToDictionary(time => time.Word, time => time.Time, StringComparer.Ordinal), 0);
}
