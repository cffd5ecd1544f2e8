using System.Collections.Immutable;
using System.Text.Json;
using System.Xml.Linq;
using PimSim.Experiments.Validation;
using PimSim.Reports.Figures;
using PimSim.Reports.Tables;
using PimSim.Reports.Validation;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Reports.Tests.Validation;

public class ValidationReportTests
{
    private const string Evil = "<b>, \"x\" & y";

    private static readonly ValidationResult Sample = Result([.. Enumerable.Range(0, 40).Select(index => Row(
        index % 2 == 0 ? MeasurementClass.Linear : MeasurementClass.PrefillAttention, 2000 * Math.Pow(1.4, index), 0.7 + (index * 0.05), index % 3 == 0 ? 400 : null))]);

    [Fact]
    public void The_json_holds_what_was_computed()
    {
        using JsonDocument json = JsonDocument.Parse(ValidationJson.Write(Sample));
        JsonElement root = json.RootElement;
        Assert.Equal(40, root.GetProperty("rowsCompared").GetInt32());
        Assert.Equal("a100-80", root.GetProperty("device").GetString());
        Assert.Equal(3, root.GetProperty("skippedRows")[0].GetProperty("count").GetInt32());
        Assert.Equal(Sample.All.Errors.MeanAbsolute, root.GetProperty("all").GetProperty("time").GetProperty("mape").GetDouble());
        JsonElement linear = root.GetProperty("classes")[0];
        Assert.Equal("linear", linear.GetProperty("class").GetString());
        Assert.Equal(Sample.Classes[0].BaselineErrors!.MeanAbsolute, linear.GetProperty("fittedRoofline").GetProperty("mape").GetDouble());
        Assert.Equal(Sample.Classes[0].Energy!.LongEnergy!.Bias, linear.GetProperty("energyFrom100Us").GetProperty("bias").GetDouble());
        Assert.Equal(10, linear.GetProperty("worst").GetArrayLength());
    }

    [Fact]
    public void Every_compared_row_is_a_line_of_the_csv()
    {
        string[] lines = ValidationCsv.Write(Sample).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(41, lines.Length);
        Assert.StartsWith("linear,\"<b>, \"\"x\"\" & y\",", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",made.csv,7", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_shows_every_table_and_escapes_names()
    {
        string page = ValidationPage.Of(Sample, ValidationFigures.Render(Sample));
        XElement root = XElement.Parse(page[(page.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
        ReportTable[] expected = [.. ValidationTables.Of(Sample)];
        Assert.Equal(5, expected.Length);
        foreach ((ReportTable table, XElement shown) in expected.Zip(root.Descendants("table"), (a, b) => (a, b)))
        {
            Assert.Equal(table.Rows, shown.Element("tbody")!.Elements("tr").Select(row => row.Elements("td").Select(cell => cell.Value.Trim()).ToList()));
        }

        Assert.Equal(expected.Length, root.Descendants("table").Count());
        Assert.Equal(2, root.Descendants("figure").Count());
        Assert.Contains("a warning", root.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_are_drawn_of_one_row_and_of_rows_far_above_the_frame()
    {
        foreach (ValidationResult result in (ValidationResult[])[Result([Row(MeasurementClass.Linear, 5000, 1, null)]), Result([Row(MeasurementClass.Linear, 1, 9000, null)]), Sample])
        {
            IReadOnlyList<RenderedFigure> figures = ValidationFigures.Render(result);
            Assert.Equal(["predicted-over-measured", "error-by-size"], figures.Select(figure => figure.Name));
            Assert.All(figures, figure => Assert.Contains("linear", figure.Svg, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Equal_results_give_equal_files_and_all_are_written()
    {
        string folder = Directory.CreateTempSubdirectory("pimsim").FullName;
        try
        {
            IReadOnlyList<string> files = ValidationReportFolder.Write(Sample, folder);
            byte[][] first = [.. files.Select(File.ReadAllBytes)];
            Assert.Equal(
                ["figures/error-by-size.png", "figures/error-by-size.svg", "figures/predicted-over-measured.png", "figures/predicted-over-measured.svg", "report.html", "validation.csv", "validation.json"],
                files.Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal));
            ValidationReportFolder.Write(Sample, folder);
            Assert.Equal(first, files.Select(File.ReadAllBytes));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_answered()
    {
        string file = Path.GetTempFileName();
        Assert.Throws<PimSimUserException>(() => ValidationReportFolder.Write(Sample, Path.Combine(file, "out")));
        File.Delete(file);
    }

    private static ValidationResult Result(ImmutableArray<ComparedRow> rows)
    {
        (ImmutableArray<ClassErrors> classes, ClassErrors all) = Validator.Errors(rows);
        return new ValidationResult
        {
            Version = "0.1.0+0123456789abcdef",
            Device = "a100-80",
            Stack = "sarathi-2024",
            Collectives = "nccl-2.27",
            Link = "nvlink3",
            Files = ["made.csv"],
            SkippedFiles = [new SkippedFile("notes.txt", "no table")],
            Warnings = ["a warning"],
            Rows = rows,
            Skipped = [new SkippedRows(SkipCause.Caution, Evil, 3)],
            Assumptions = [],
            Classes = classes,
            All = all,
        };
    }

    private static ComparedRow Row(MeasurementClass kind, double measured, double ratio, double? watts) => new(
        new Measurement
        {
            Operators = [new Operator { Kind = OperatorKind.Gemm, Role = OperatorRole.Other, Phase = Phase.Prefill, Rows = 8, Inputs = 16, Outputs = 32, WeightType = DataType.Fp16, ActivationType = DataType.Fp16 }],
            Class = kind,
            Nanoseconds = measured,
            Span = MeasuredSpan.Kernel,
            Name = Evil,
            Group = "g",
            File = "made.csv",
            Line = 7,
            BoardWatts = watts,
        },
        measured * ratio,
        watts is null ? null : measured * ratio * 1e-9 * 350,
        new RooflineTerms(measured * 0.5, measured * 0.3));
}
