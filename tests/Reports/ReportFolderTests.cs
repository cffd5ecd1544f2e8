using CsCheck;
using PimSim.Experiments.Results;
using PimSim.Reports.Figures;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Reports.Tests;

public sealed class ReportFolderTests : IDisposable
{
    private static readonly ExperimentResult Sample = SampleResult.Small(SampleResult.Claims);

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_report_is_results_tables_figures_and_a_page()
    {
        IReadOnlyList<string> files = ReportFolder.Write(Sample, _folder);
        string[] expected =
        [
            "results.json", "results.csv", "claims.csv", "report.html",
            .. FigureSet.Render(Sample).SelectMany(figure => new[] { $"figures/{figure.Name}.png", $"figures/{figure.Name}.svg" }),
        ];
        Assert.Equal(expected.Order(), files.Select(file => Path.GetRelativePath(_folder, file)).Order());
        Assert.Equal(files.Order(), Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Order());
        Assert.All(files, file => Assert.True(new FileInfo(file).Length > 200, file));
    }

    [Fact]
    public void Without_claims_there_is_no_file_of_claims() =>
        Assert.DoesNotContain(ReportFolder.Write(SampleResult.Small(), _folder), file => file.EndsWith("claims.csv", StringComparison.Ordinal));

    [Fact]
    public void Writing_again_gives_the_same_bytes()
    {
        Dictionary<string, byte[]> first = ReportFolder.Write(Sample, _folder).ToDictionary(file => file, File.ReadAllBytes);
        ReportFolder.Write(SampleResult.Small(SampleResult.Claims), _folder);
        Assert.All(first, file => Assert.True(file.Value.AsSpan().SequenceEqual(File.ReadAllBytes(file.Key)), file.Key));
    }

    [Fact]
    public void What_is_read_is_what_was_written()
    {
        ReportFolder.Write(Sample, _folder);
        ExperimentResult read = ReportFolder.Read(_folder);
        Assert.Equivalent(Sample, read, strict: true);
        Assert.Equivalent(Sample, ReportFolder.Read(Path.Combine(_folder, "results.json")), strict: true);
        foreach ((PointResult expected, PointResult point) in Sample.Points.Zip(read.Points))
        {
            Assert.Equal(expected.EnergyAttojoules.Keys.Order(StringComparer.Ordinal), point.EnergyAttojoules.Keys);
            Assert.All(expected.EnergyAttojoules, row => Assert.Equal(row.Value.OrderBy(entry => entry.Key, StringComparer.Ordinal), point.EnergyAttojoules[row.Key]));
        }
    }

    [Fact]
    public void Any_number_and_any_text_survive_the_file() => Gen.Select(Gen.Double, Gen.Decimal, Gen.Long, Gen.String).Sample((real, attojoules, whole, text) =>
    {
        // Half of a surrogate pair is no text, and UTF-8 can't hold it.
        text = string.Concat(text.Where(letter => !char.IsSurrogate(letter)));
        string path = Path.Combine(_folder, Path.GetRandomFileName());
        PointResult point = Sample.Points[0] with
        {
            Model = text,
            TokensPerSecond = real,
            EnergyAttojoules = new Dictionary<string, IReadOnlyDictionary<string, decimal>> { [text] = new Dictionary<string, decimal> { ["b"] = attojoules, ["a"] = 1 } },
            Counters = new Dictionary<string, long> { ["b"] = whole, ["a"] = 1 },
        };
        File.WriteAllBytes(path, ResultJson.Write(Sample with { Points = [point] }));
        PointResult read = ResultJson.Read(path).Points.Single();
        Assert.Equal(text, read.Model);
        Assert.Equal(real, read.TokensPerSecond);
        Assert.Equal(attojoules, read.EnergyAttojoules[text]["b"]);
        Assert.Equal(["a", "b"], read.Counters.Keys);
        Assert.Equal(whole, read.Counters["b"]);
    });

    [Fact]
    public void The_order_of_booking_does_not_show_in_the_file()
    {
        ExperimentResult reversed = Sample with
        {
            Points = [.. Sample.Points.Select(point => point with { TimePicoseconds = point.TimePicoseconds.Reverse().ToDictionary(), Counters = point.Counters.Reverse().ToDictionary() })],
        };
        Assert.Equal(ResultJson.Write(Sample), ResultJson.Write(reversed));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_the_users_fault_and_nothing_old_is_lost()
    {
        // Even for root, a file is no folder.
        string[] names = ["results.json", "report.html", "figures"];
        Assert.All(names, name => File.WriteAllText(Path.Combine(_folder, name), "old"));
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => ReportFolder.Write(Sample, _folder));
        Assert.Contains("figures", fault.Message, StringComparison.Ordinal);
        Assert.Equal(names.Order(), Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
        Assert.All(names, name => Assert.Equal("old", File.ReadAllText(Path.Combine(_folder, name))));
        Assert.Throws<PimSimUserException>(() => ReportFolder.RequireWritable(_folder));
        Assert.Throws<PimSimUserException>(() => ReportFolder.Write(Sample, Path.Combine(_folder, "report.html", "below")));
    }

    [Fact]
    public void Asking_whether_a_folder_can_be_written_leaves_nothing_in_it()
    {
        string folder = Path.Combine(_folder, "new");
        ReportFolder.RequireWritable(folder);
        Assert.Empty(Directory.GetFiles(folder, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("{\n  \"Title\": \"x\",\n  \"Version\": 1\n}", ":3:")]
    [InlineData("{\"Title\": \"x\"}", "Version")]
    [InlineData("null", "no result")]
    [InlineData("", ":1:")]
    public void What_is_no_result_is_refused_with_the_place(string json, string part)
    {
        string path = Path.Combine(_folder, "wrong.json");
        File.WriteAllText(path, json);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => ReportFolder.Read(path));
        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_results_is_refused() =>
        Assert.Contains("results.json", Assert.Throws<PimSimUserException>(() => ReportFolder.Read(_folder)).Message, StringComparison.Ordinal);
}
