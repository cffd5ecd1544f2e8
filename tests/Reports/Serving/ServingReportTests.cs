using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using PimSim.Experiments.Serving;
using PimSim.Reports.Figures;
using PimSim.Reports.Serving;
using PimSim.Reports.Tables;
using PimSim.Reports.Tests.Tables;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Reports.Tests.Serving;

public class ServingReportTests
{
    public static TheoryData<string> Names => ["two", "one", "single", "nothing", "empty"];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_json_holds_what_was_simulated_and_its_parts_add_up(string name)
    {
        ServingExperimentResult result = Sample(name);
        using JsonDocument json = JsonDocument.Parse(ServingJson.Write(result));
        JsonElement root = json.RootElement;
        Assert.Equal(result.InputHash, root.GetProperty("inputsSha256").GetString());
        Assert.Equal(result.Version, root.GetProperty("pimsim").GetString());
        JsonElement[] points = [.. root.GetProperty("points").EnumerateArray()];
        Assert.Equal(result.Points.Count, points.Length);
        foreach ((ServingPoint point, JsonElement one) in result.Points.Zip(points))
        {
            ServingResult found = point.Result;
            Assert.Equal(found.Requests, Long(one, "served") + one.GetProperty("rejectedByReason").EnumerateObject().Sum(reason => reason.Value.GetInt64()));
            Assert.Equal(found.OutputTokens, Long(one, "outputTokens"));
            Assert.Equal(found.OutputTokensPerSecond, one.GetProperty("outputTokensPerSecond").GetDouble());
            Assert.Equal(point.TotalJoules, one.GetProperty("joulesByComponent").EnumerateObject().Sum(part => part.Value.GetDouble()), 9);
            Assert.Equal(found.Replicas.Sum(replica => replica.Iterations), one.GetProperty("byReplica").EnumerateArray().Sum(replica => Long(replica, "iterations")));
            Assert.Equal(found.Replicas.Sum(replica => replica.Preemptions), Long(one, "preemptions"));
            Assert.Equal(point.PriceBasis, one.GetProperty("priceBasis").GetString());
            CheckLatency(found.TimeToFirstToken, one.GetProperty("timeToFirstTokenSeconds"));
            CheckLatency(found.TimeBetweenTokens, one.GetProperty("timeBetweenTokensSeconds"));
            CheckLatency(found.TimePerOutputToken, one.GetProperty("timePerOutputTokenSeconds"));
            CheckLatency(found.EndToEnd, one.GetProperty("endToEndSeconds"));
            if (found.OutputTokens > 0)
            {
                // A dollar buys as many tokens as a million of them cost, the other way round; the bill is $/h times hours.
                Assert.Equal(1e6, one.GetProperty("outputTokensPerDollar").GetDouble() * one.GetProperty("dollarsPerMillionOutputTokens").GetDouble(), 1e-3);
                Assert.Equal(
                    point.DollarsPerHour * found.Makespan.Seconds / 3600, one.GetProperty("dollarsPerMillionOutputTokens").GetDouble() * found.OutputTokens / 1e6, 9);
            }
            else
            {
                Assert.Equal(JsonValueKind.Null, one.GetProperty("joulesPerOutputToken").ValueKind);
                Assert.Equal(JsonValueKind.Null, one.GetProperty("outputTokensPerDollar").ValueKind);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_kept_request_is_a_line_with_its_exact_times(string name)
    {
        ServingExperimentResult result = Sample(name);
        using StringWriter writer = new(CultureInfo.InvariantCulture);
        ServingCsv.WriteRequests(result, writer);
        List<List<string>> lines = CsvText.Parse(writer.ToString());
        (ServingPoint Point, RequestRecord Request)[] kept = [.. result.Points.SelectMany(point => point.Requests.Select(request => (point, request)))];
        Assert.Equal(kept.Length + 1, lines.Count);
        Dictionary<string, int> columns = Columns(lines[0]);
        foreach (((ServingPoint point, RequestRecord request), List<string> line) in kept.Zip(lines.Skip(1)))
        {
            Assert.Equal(lines[0].Count, line.Count);
            Assert.Equal(point.System, line[columns["system"]]);
            Assert.Equal(request.Number, long.Parse(line[columns["number"]], CultureInfo.InvariantCulture));
            Assert.Equal(request.Arrival.Value, Picoseconds(line[columns["arrival_s"]]));
            Assert.Equal(request.FirstToken.Value, Picoseconds(line[columns["arrival_s"]]) + Picoseconds(line[columns["ttft_s"]]));
            Assert.Equal(request.Finished.Value, Picoseconds(line[columns["arrival_s"]]) + Picoseconds(line[columns["e2e_s"]]));
            Assert.Equal(request.OutputTokens.ToString(CultureInfo.InvariantCulture), line[columns["output_tokens"]]);
            Assert.Equal(request.Preemptions.ToString(CultureInfo.InvariantCulture), line[columns["preemptions"]]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_point_is_a_line_whose_energies_add_up(string name)
    {
        ServingExperimentResult result = Sample(name);
        List<List<string>> lines = CsvText.Parse(ServingCsv.Points(result));
        Assert.Equal(result.Points.Count + 1, lines.Count);
        foreach ((ServingPoint point, List<string> line) in result.Points.Zip(lines.Skip(1)))
        {
            Assert.Equal(lines[0].Count, line.Count);
            Dictionary<string, int> columns = Columns(lines[0]);
            double parts = columns.Where(column => column.Key.StartsWith("energy_", StringComparison.Ordinal)).Sum(column => Number(line[column.Value]));
            Assert.Equal(point.TotalJoules, parts, 9);
            Assert.Equal(point.Result.TimeToFirstToken?.P99.Value, line[columns["ttft_p99_s"]].Length == 0 ? null : Picoseconds(line[columns["ttft_p99_s"]]));
            Assert.Equal(point.Result.Requests, long.Parse(line[columns["served"]], CultureInfo.InvariantCulture) + long.Parse(line[columns["rejected"]], CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void Occupancy_is_the_area_of_the_iterations_over_the_makespan()
    {
        // All requests come at once, so that no memory is in use between iterations.
        ServingPoint point = ServingSamples.Short.Points[0];
        Assert.Equal(point.Result.Replicas.Sum(replica => replica.Iterations), point.Iterations.Count);
        double area = point.Iterations.Sum(iteration => (double)iteration.UsedBlocks * (iteration.End.Value - iteration.Start.Value));
        double mean = area / point.Result.Replicas.Sum(replica => (double)replica.KvBlocks) / point.Result.Makespan.Value;
        using JsonDocument json = JsonDocument.Parse(ServingJson.Write(ServingSamples.Short));
        JsonElement one = json.RootElement.GetProperty("points")[0];
        Assert.Equal(mean, one.GetProperty("kvOccupancyMean").GetDouble(), 1e-9);
        Assert.Equal(mean, one.GetProperty("byReplica").EnumerateArray().Average(replica => replica.GetProperty("kvOccupancyMean").GetDouble()), 1e-9);
        double busy = point.Iterations.Sum(iteration => (double)(iteration.End.Value - iteration.Start.Value - iteration.Swap.Value));
        Assert.Equal(busy / 2 / point.Result.Makespan.Value, one.GetProperty("utilisation").GetDouble(), 1e-12);
        Assert.Equal(point.Iterations.Average(iteration => iteration.Sequences), one.GetProperty("meanBatchSequences").GetDouble(), 1e-9);
    }

    [Fact]
    public void The_knee_is_the_last_load_whose_percentiles_keep_both_limits()
    {
        ServingExperimentResult two = ServingSamples.Two;
        using JsonDocument json = JsonDocument.Parse(ServingJson.Write(two));
        JsonElement[] knees = [.. json.RootElement.GetProperty("knees").EnumerateArray()];
        string[] systems = [.. two.Points.Select(point => point.System).Distinct()];
        Assert.Equal(systems, knees.Select(knee => knee.GetProperty("system").GetString()));
        foreach ((string system, JsonElement knee) in systems.Zip(knees))
        {
            // Counted from the requests, not from the summary.
            ServingPoint[] within = [.. two.Points.Where(point => point.System == system).TakeWhile(point =>
                Percentile99(point.Requests.Select(request => request.TimeToFirstToken.Value)) <= ServingSamples.Levels.TimeToFirstToken.Value
                && Percentile99(point.Requests.Where(request => request.OutputTokens > 1).Select(request => request.TimePerOutputToken.Value)) <= ServingSamples.Levels.TimePerOutputToken.Value)];
            Assert.InRange(within.Length, 1, 5);
            Assert.Equal(within[^1].RequestsPerSecond, knee.GetProperty("lastWithinLimitsRequestsPerSecond").GetDouble());
        }
    }

    [Fact]
    public void Tables_show_each_point_once_and_leave_out_what_there_is_none_of()
    {
        IReadOnlyList<ReportTable> two = ServingTables.Of(ServingSamples.Two);
        Assert.All(two, table => Assert.All(table.Rows, row => Assert.Equal(table.Columns.Count, row.Count)));
        Assert.Equal(ServingSamples.Two.Points.Count, two[0].Rows.Count);
        Assert.Contains(two[0].Columns, column => column.Header == "goodput req/s");
        Assert.Contains(two, table => table.Title.StartsWith("Knee", StringComparison.Ordinal));
        ReportTable prices = two.Single(table => table.Title == "Prices");
        Assert.Equal([ServingSamples.Rented, ServingSamples.Owned], prices.Rows.Select(row => row[^1]).Distinct());
        ReportTable rejected = two.Single(table => table.Title.StartsWith("Rejected", StringComparison.Ordinal));
        Assert.All(rejected.Rows, row => Assert.Equal(["0", "4", "0"], row.Skip(2)));
        ReportTable latencies = two.Single(table => table.Title.StartsWith("Latencies", StringComparison.Ordinal));
        Assert.Equal(4 * ServingSamples.Two.Points.Count, latencies.Rows.Count);

        IReadOnlyList<ReportTable> single = ServingTables.Of(ServingSamples.Single);
        Assert.DoesNotContain(single[0].Columns, column => column.Header == "goodput req/s");
        Assert.DoesNotContain(single, table => table.Title.StartsWith("Knee", StringComparison.Ordinal));

        string[] nothing = [.. ServingTables.Of(ServingSamples.Nothing)[0].Rows[0]];
        Assert.Equal(["small", "1", "0", "40", "-", "-", "-", "-", "-", "-"], nothing);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_page_needs_nothing_else_and_begins_with_the_summary(string name)
    {
        ServingExperimentResult result = Sample(name);
        IReadOnlyList<RenderedFigure> figures = ServingFigures.Render(result);
        string page = ServingPage.Of(result, figures);
        XElement root = XElement.Parse(page[(page.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
        ReportTable[] expected = [.. ServingTables.Of(result)];
        XElement[] tables = [.. root.Descendants("table")];
        Assert.Equal(expected.Length, tables.Length);
        foreach ((ReportTable table, XElement shown) in expected.Zip(tables))
        {
            Assert.Equal(table.Rows, shown.Element("tbody")!.Elements("tr").Select(row => row.Elements("td").Select(cell => cell.Value.Trim()).ToList()));
        }

        Assert.Equal(figures.Count, root.Descendants("figure").Count());
        Assert.DoesNotContain(root.DescendantsAndSelf(), element => element.Name.LocalName is "script" or "link" or "img" or "iframe" or "a");
        Assert.DoesNotContain(root.DescendantsAndSelf().Attributes(), attribute =>
            !attribute.IsNamespaceDeclaration && (attribute.Value.Contains("://", StringComparison.Ordinal) || attribute.Name.LocalName is "href" or "src"));
        Assert.DoesNotContain("@import", page, StringComparison.Ordinal);
        Assert.Contains(result.InputHash, root.Value, StringComparison.Ordinal);
        Assert.Contains(result.Workload, root.Value, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Equal_results_give_equal_files_and_nothing_else_is_left(string name)
    {
        ServingExperimentResult result = Sample(name);
        string folder = Directory.CreateTempSubdirectory("pimsim").FullName;
        try
        {
            IReadOnlyList<string> files = ServingReportFolder.Write(result, folder);
            byte[][] first = [.. files.Select(File.ReadAllBytes)];
            Assert.Equal(files.Order(StringComparer.Ordinal), Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
            Assert.Equal(
                ["points.csv", "report.html", "requests.csv", "serving.json", "timeline.trace.json"],
                Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            ServingReportFolder.Write(result, folder);
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
        Assert.Throws<PimSimUserException>(() => ServingReportFolder.Write(ServingSamples.Nothing, Path.Combine(file, "out")));
        File.Delete(file);
    }

    internal static ServingExperimentResult Sample(string name) => name switch
    {
        "two" => ServingSamples.Two,
        "one" => ServingSamples.One,
        "single" => ServingSamples.Single,
        "nothing" => ServingSamples.Nothing,
        _ => ServingSamples.Of(null, []),
    };

    private static void CheckLatency(LatencySummary? expected, JsonElement found)
    {
        if (expected is null)
        {
            Assert.Equal(JsonValueKind.Null, found.ValueKind);
            return;
        }

        Assert.Equal(expected.Count, Long(found, "count"));
        Assert.Equal(
            [expected.Mean.Seconds, expected.P50.Seconds, expected.P90.Seconds, expected.P99.Seconds, expected.Maximum.Seconds],
            ((string[])["mean", "p50", "p90", "p99", "maximum"]).Select(part => found.GetProperty(part).GetDouble()));
    }

    private static long Percentile99(IEnumerable<long> values)
    {
        long[] sorted = [.. values.Order()];
        return sorted.First(value => sorted.Count(other => other <= value) >= 0.99 * sorted.Length);
    }

    private static Dictionary<string, int> Columns(List<string> header) => header.Select((name, index) => (name, index)).ToDictionary(one => one.name, one => one.index);

    private static long Long(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static double Number(string text) => text.Length == 0 ? 0 : double.Parse(text, CultureInfo.InvariantCulture);

    private static long Picoseconds(string seconds) => (long)(decimal.Parse(seconds, CultureInfo.InvariantCulture) * 1_000_000_000_000m);
}
