using PimSim.Experiments.Serving;
using PimSim.Reports.Figures;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving.Metrics;

namespace PimSim.Reports.Serving;

/// <summary>Throughput, goodput and P99 over the offered load; nothing where fewer than two loads were simulated.</summary>
internal static class LoadFigures
{
    private const string Ring = "ring: knee, the last load with both P99 within limits";

    /// <summary>Draws the figures.</summary>
    /// <param name="result">What to draw.</param>
    /// <param name="draw">Puts a chart on a page: name, title, caption, chart.</param>
    public static IEnumerable<RenderedFigure> Render(ServingExperimentResult result, Func<string, string, string, PlaneChart, RenderedFigure> draw)
    {
        if (result.Points.Select(point => point.RequestsPerSecond).OfType<double>().Distinct().Count() < 2)
        {
            yield break;
        }

        IReadOnlyList<ServingSeries> all = ServingSeries.Of(result);
        bool anyKnee = all.Any(series => ServiceKnee.Of(series, result.ServiceLevels)?.Last is not null);
        string ring = anyKnee ? $"; {Ring}" : "";
        if (Lines(result, all, point => point.Result.OutputTokensPerSecond) is { Length: > 0 } throughput)
        {
            yield return draw("throughput-over-load", "Throughput over offered load", $"Output tokens per second of makespan{ring}.", new LoadChart(throughput, "Throughput (output tokens/s)", logarithmic: false));
        }

        if (result.ServiceLevels is { } levels && Lines(result, all, point => point.Result.GoodputPerSecond) is { Length: > 0 } goodput)
        {
            yield return draw("goodput-over-load", "Goodput over offered load", $"Requests within {ServingText.Limits(levels)}{ring}.", new LoadChart(goodput, "Goodput (requests/s)", logarithmic: false));
        }

        foreach ((string name, string title, Func<ServingPoint, LatencySummary?> latency, Picoseconds? limit) in (LimitedLatency[])
        [
            new("ttft", "TTFT", point => point.Result.TimeToFirstToken, result.ServiceLevels?.TimeToFirstToken),
            new("tpot", "TPOT", point => point.Result.TimePerOutputToken, result.ServiceLevels?.TimePerOutputToken),
        ])
        {
            double longest = all.SelectMany(series => series.WithLoad).Select(point => latency(point)?.P99.Value / 1e3 ?? 0).DefaultIfEmpty(0).Max();
            TimeUnit unit = TimeUnit.For(longest);
            double unitPs = unit.Nanoseconds * 1e3;
            if (Lines(result, all, point => latency(point)?.P99.Value / unitPs) is { Length: > 0 } lines)
            {
                (double Value, string Text)? drawn = limit is { Value: > 0 } one ? (one.Value / unitPs, ServingText.Dashed(one, unit)) : null;
                yield return draw($"{name}-p99-over-load", $"P99 of {title} over offered load", $"99 % of the served requests need no more{ring}.", new LoadChart(lines, $"P99 of {title} ({unit.Name}, logarithmic)", logarithmic: true, drawn));
            }
        }
    }

    private static LoadLine[] Lines(ServingExperimentResult result, IReadOnlyList<ServingSeries> all, Func<ServingPoint, double?> value)
    {
        List<LoadLine> lines = [];
        for (int index = 0; index < all.Count; index++)
        {
            (double Load, double Value)[] points = [.. from point in all[index].WithLoad let one = value(point) where one > 0 select (point.RequestsPerSecond!.Value, one.Value)];
            if (points.Length > 0)
            {
                lines.Add(new(all[index].Name, FigureStyle.ColorOf(index), points, ServiceKnee.Of(all[index], result.ServiceLevels)?.Last?.RequestsPerSecond));
            }
        }

        return [.. lines];
    }

    private readonly record struct LimitedLatency(string Name, string Title, Func<ServingPoint, LatencySummary?> Of, Picoseconds? Limit);
}
