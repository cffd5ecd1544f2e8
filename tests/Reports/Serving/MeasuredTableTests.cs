using System.Text.Json;
using PimSim.Experiments.Serving;
using PimSim.Reports.Serving;
using PimSim.Reports.Tables;
using Xunit;

namespace PimSim.Reports.Tests.Serving;

public class MeasuredTableTests
{
    [Fact]
    public void What_a_real_server_took_stands_beside_with_the_error()
    {
        ServingPoint point = ServingSamples.Single.Points[0];
        double makespan = point.Result.Makespan.Seconds;
        MeasuredService measured = new(7, 2 * point.Result.TimeToFirstToken!.Mean.Seconds, 0.5 * point.Result.TimeToFirstToken.P99.Seconds, null, makespan);
        ServingExperimentResult result = ServingSamples.Single with { Measured = measured };
        ReportTable table = Assert.Single(ServingTables.Of(result), table => table.Title.StartsWith("Beside the real server", StringComparison.Ordinal));
        Assert.Contains("served 7 of", table.Title, StringComparison.Ordinal);
        Assert.Equal(["-50.0 %", "+100.0 %", "-", "+0.0 %"], table.Rows.Select(row => row[^1]));
        using JsonDocument json = JsonDocument.Parse(ServingJson.Write(result));
        JsonElement written = json.RootElement.GetProperty("measured");
        Assert.Equal(measured.P99TimeToFirstTokenSeconds, written.GetProperty("p99TimeToFirstTokenSeconds").GetDouble());
        Assert.Equal(JsonValueKind.Null, written.GetProperty("meanTimePerOutputTokenSeconds").ValueKind);
        Assert.DoesNotContain(ServingTables.Of(ServingSamples.Single), table => table.Title.StartsWith("Beside", StringComparison.Ordinal));
    }
}
