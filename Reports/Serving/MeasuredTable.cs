using System.Globalization;
using PimSim.Experiments.Serving;
using PimSim.Reports.Tables;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Reports.Serving;

/// <summary>Simulated beside measured, where the requests are a record of a real server.</summary>
internal static class MeasuredTable
{
    /// <summary>A row for each measured number of each point; null where nothing was measured.</summary>
    public static ReportTable? Of(ServingExperimentResult result)
    {
        if (result.Measured is not { } measured)
        {
            return null;
        }

        List<IReadOnlyList<string>> rows = [];
        foreach (ServingPoint point in result.Points)
        {
            LatencySummary? first = point.Result.TimeToFirstToken;
            Add("mean TTFT", first?.Mean.Seconds, measured.MeanTimeToFirstTokenSeconds);
            Add("P99 TTFT", first?.P99.Seconds, measured.P99TimeToFirstTokenSeconds);
            Add("mean TPOT", point.Result.TimePerOutputToken?.Mean.Seconds, measured.MeanTimePerOutputTokenSeconds);
            Add("makespan", point.Result.Makespan.Seconds, measured.MakespanSeconds);

            void Add(string name, double? simulated, double? real) => rows.Add(
            [
                point.System, name, SignificantDigits.Format(simulated), SignificantDigits.Format(real),
                simulated / real is { } ratio ? (ratio - 1).ToString("+0.0 %;-0.0 %", CultureInfo.InvariantCulture) : "-",
            ]);
        }

        string requests = measured.Requests.ToString(CultureInfo.InvariantCulture);
        return new ReportTable(
            $"Beside the real server, which served {requests} of these requests",
            [new("system", false), new("number", false), new("simulated s", true), new("measured s", true), new("error", true)],
            rows);
    }
}
