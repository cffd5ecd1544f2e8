using PimSim.Experiments.Results;

namespace PimSim.Reports.Figures;

/// <summary>A property of every point: models along the axis, one bar per system.</summary>
internal abstract class MetricFigure(ExperimentResult result) : Figure(result)
{
    /// <summary>Title of the value axis with its unit.</summary>
    protected abstract string ValueTitle { get; }

    /// <inheritdoc/>
    public override BarChart? Chart()
    {
        double[,] values = new double[Result.Models.Count, Result.Systems.Count];
        for (int model = 0; model < Result.Models.Count; model++)
        {
            for (int system = 0; system < Result.Systems.Count; system++)
            {
                values[model, system] = Result.Find(Result.Models[model], Result.Systems[system]) is { } point ? ValueOf(point) ?? double.NaN : double.NaN;
            }
        }

        ChartSeries[] series = [.. Result.Systems.Select((system, index) => new ChartSeries(system, FigureStyle.ColorOf(index)))];
        return GroupedBars.AnyBar(values) ? new GroupedBars(Result.Models, series, ValueTitle, values, ratios: false) : null;
    }

    /// <summary>The property; null where a point has none.</summary>
    protected abstract double? ValueOf(PointResult point);
}
