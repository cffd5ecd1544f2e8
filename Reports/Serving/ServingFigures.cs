using System.Globalization;
using PimSim.Experiments.Serving;
using PimSim.Reports.Figures;
using PimSim.Reports.Tables;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;

namespace PimSim.Reports.Serving;

/// <summary>The figures of a serving experiment. What a result has nothing for is left out.</summary>
public static class ServingFigures
{
    private const int MostTimelines = 4;
    private const int MostReplicaLines = 8;
    private const float LongestSystem = 140;

    /// <summary>Draws them. Equal results give equal bytes.</summary>
    public static IReadOnlyList<RenderedFigure> Render(ServingExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Points.Count == 0)
        {
            return [];
        }

        IReadOnlyList<NamedPoint> compared = ComparedPoints.Of(result);
        RenderedFigure?[] figures =
        [
            Cdf(result, compared, "ttft-cdf", "Time to first token", "TTFT", request => request.TimeToFirstToken, result.ServiceLevels?.TimeToFirstToken),
            Cdf(result, compared, "tpot-cdf", "Time per output token", "TPOT", request => request.TimePerOutputToken, result.ServiceLevels?.TimePerOutputToken),
            Cdf(result, compared, "end-to-end-cdf", "Time from arrival to last token", "End-to-end latency", request => request.EndToEnd, limit: null),
            .. LoadFigures.Render(result, (name, title, caption, chart) => Draw(result, name, title, caption, chart)),
            .. Timelines(result, compared),
            Occupancy(result, compared),
            EnergyBars(result),
            PriceBars(result),
        ];
        return [.. figures.OfType<RenderedFigure>()];
    }

    private static RenderedFigure? Cdf(
        ServingExperimentResult result, IReadOnlyList<NamedPoint> compared, string name, string title, string axis, Func<RequestRecord, Picoseconds> time, Picoseconds? limit)
    {
        LatencyLine[] lines = [.. compared
            .Select((one, index) => LatencyLine.Of(one.Name, FigureStyle.ColorOf(index), one.Point.Requests.Where(request => time(request).Value > 0).Select(time)))
            .OfType<LatencyLine>()];
        if (lines.Length == 0)
        {
            return null;
        }

        string cut = compared.Any(one => one.Point.Requests.Count < one.Point.Result.Finished) ? string.Create(CultureInfo.InvariantCulture, $" First {ServingPoint.MostRequests} requests.") : "";
        string caption = $"Share of served requests that needed no more; {ComparedPoints.Load(result)}.{cut}";
        return Draw(result, name, $"{title}: distribution", caption, new LatencyCdfChart(lines, axis, limit is { Value: > 0 } ? limit : null));
    }

    private static IEnumerable<RenderedFigure> Timelines(ServingExperimentResult result, IReadOnlyList<NamedPoint> compared)
    {
        // The points of one system differ in load only: the highest shows how full its replicas can be.
        NamedPoint[] shown = ServingSeries.Of(result).Count == 1 ? [compared[^1]] : [.. compared.Take(MostTimelines)];
        for (int index = 0; index < shown.Length; index++)
        {
            NamedPoint one = shown[index];
            if (TimelineWindow.Of(one.Point.Iterations, one.Point.Iterations.Count < one.Point.Result.Replicas.Sum(replica => replica.Iterations)) is { } window)
            {
                string load = ServingText.Load(one.Point);
                string of = window.Replicas.Count < one.Point.Replicas ? string.Create(CultureInfo.InvariantCulture, $"; {window.Replicas.Count} of {one.Point.Replicas} replicas") : "";
                yield return Draw(
                    result, shown.Length == 1 ? "timeline" : string.Create(CultureInfo.InvariantCulture, $"timeline-{index + 1}"), $"First iterations: {ServingSeries.NameOf(result, one.Point)}{(load.Length == 0 ? "" : $" at {load}")}",
                    $"A bar for each iteration; white: the replica waits{of}. More in timeline.trace.json.", new TimelineChart(window));
            }
        }
    }

    private static RenderedFigure? Occupancy(ServingExperimentResult result, IReadOnlyList<NamedPoint> compared)
    {
        // The loads of one system take different times and would lie over each other at the left.
        bool oneSystem = ServingSeries.Of(result).Count == 1;
        NamedPoint[] shown = oneSystem ? [compared[^1]] : [.. compared];
        ServingPoint first = shown[0].Point;
        string which = oneSystem && first.RequestsPerSecond is not null ? $"{ComparedPoints.Load(result)} at {ServingText.Load(first)}" : ComparedPoints.Load(result);
        bool byReplica = shown.Length == 1 && first.Result.Replicas.Count is > 1 and <= MostReplicaLines;
        OccupancyLine?[] lines = byReplica
            ? [.. first.Result.Replicas.Select((replica, index) => OccupancyLine.Of(string.Create(CultureInfo.InvariantCulture, $"replica {replica.Replica}"), FigureStyle.ColorOf(index), [replica]))]
            : [.. shown.Select((one, index) => OccupancyLine.Of(one.Name, FigureStyle.ColorOf(index), one.Point.Result.Replicas))];
        OccupancyLine[] drawn = [.. lines.OfType<OccupancyLine>()];
        return drawn.Length == 0 ? null : Draw(
            result, "kv-occupancy", "KV memory in use over time", $"Share of the KV blocks, mean over time steps{(byReplica ? "" : " and all replicas")}; {which}.", new OccupancyChart(drawn));
    }

    private static RenderedFigure? EnergyBars(ServingExperimentResult result)
    {
        NamedPoint[] points = [.. ComparedPoints.All(result, name => FigureStyle.Fit(name, FigureStyle.TickSize, LongestSystem)).Where(one => one.Point.JoulesPerToken > 0)];
        if (points.Length == 0)
        {
            return null;
        }

        string[] names = [.. points.SelectMany(one => one.Point.Joules.Where(component => component.Value > 0)).Select(component => component.Key).Distinct(StringComparer.Ordinal)];
        IReadOnlyList<StackPart> parts = StackParts.Choose(names, name => name, name => points.Max(one => one.Point.Joules.GetValueOrDefault(name) / one.Point.TotalJoules));
        double[,] values = new double[points.Length, parts.Count];
        for (int bar = 0; bar < points.Length; bar++)
        {
            for (int part = 0; part < parts.Count; part++)
            {
                values[bar, part] = parts[part].Names.Sum(name => points[bar].Point.Joules.GetValueOrDefault(name)) / points[bar].Point.Result.OutputTokens;
            }
        }

        StackedBars chart = new(
            [.. points.Select(one => one.Name)], [.. parts.Select(part => new ChartSeries(part.Label, part.Fill))], "Energy (J per output token)", values,
            [.. points.Select(one => SignificantDigits.Format(one.Point.JoulesPerToken, 3))], CategoryTitle(points));
        return Draw(result, "energy-per-token", "Energy per output token by component", "Joules of all replicas, idle time included, over all output tokens; total above each bar.", chart);
    }

    private static RenderedFigure? PriceBars(ServingExperimentResult result)
    {
        NamedPoint[] points = [.. ComparedPoints.All(result, name => FigureStyle.Fit(name, FigureStyle.TickSize, LongestSystem)).Where(one => one.Point.DollarsPerMillionTokens > 0)];
        if (points.Length == 0)
        {
            return null;
        }

        // The colour says on which terms a price is: prices on different terms do not compare.
        string[] bases = [.. points.Select(one => one.Point.PriceBasis).Distinct(StringComparer.Ordinal)];
        double[,] values = new double[points.Length, bases.Length];
        for (int bar = 0; bar < points.Length; bar++)
        {
            values[bar, Array.IndexOf(bases, points[bar].Point.PriceBasis)] = points[bar].Point.DollarsPerMillionTokens!.Value;
        }

        StackedBars chart = new(
            [.. points.Select(one => one.Name)], [.. bases.Select((basis, index) => new ChartSeries(basis, FigureStyle.ColorOf(index)))], "Price ($ per million tokens)", values,
            [.. points.Select(one => SignificantDigits.Format(one.Point.DollarsPerMillionTokens, 3))], CategoryTitle(points), legendAtRight: false);
        return Draw(result, "dollars-per-million-tokens", "Price of a million output tokens", "Price of the whole system over the makespan, over all output tokens; colour: price basis.", chart);
    }

    private static string CategoryTitle(NamedPoint[] points) =>
        points.All(one => one.Point.RequestsPerSecond is null) ? "System" : points.All(one => one.Name == ServingText.Load(one.Point)) ? "Offered load" : "System and offered load";

    private static RenderedFigure Draw(ServingExperimentResult result, string name, string title, string caption, IChart chart)
    {
        FigurePage page = new(new(title, caption, Figure.Footer(result.Version, result.InputHash, result.Title)), chart);
        (byte[] png, string svg) = page.Render();
        return new(name, title, caption, png, svg, page.IsWide);
    }
}
