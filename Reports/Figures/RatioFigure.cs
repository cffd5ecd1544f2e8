using PimSim.Experiments.Results;

namespace PimSim.Reports.Figures;

/// <summary>The reference against every other system: models along the axis, one bar and its number per other system.</summary>
internal abstract class RatioFigure(ExperimentResult result) : Figure(result)
{
    /// <summary>Whether every point has tokens to count by; a replayed trace of another tool has none.</summary>
    protected bool PerToken { get; } = result.Points.All(point => point.Tokens > 0);

    /// <summary>Title of the value axis.</summary>
    protected abstract string ValueTitle { get; }

    /// <inheritdoc/>
    public override BarChart? Chart()
    {
        // A system keeps the colour that it has in the other figures.
        (string Name, int Index)[] others = [.. Result.Systems.Select((name, index) => (name, index)).Where(system => system.name != Result.Reference)];
        double[,] values = new double[Result.Models.Count, others.Length];
        for (int model = 0; model < Result.Models.Count; model++)
        {
            for (int other = 0; other < others.Length; other++)
            {
                values[model, other] = Result.Find(Result.Models[model], others[other].Name) is { } point ? RatioOf(point) ?? double.NaN : double.NaN;
            }
        }

        ChartSeries[] series = [.. others.Select(system => new ChartSeries(system.Name, FigureStyle.ColorOf(system.Index)))];
        return GroupedBars.AnyBar(values) ? new GroupedBars(Result.Models, series, ValueTitle, values, ratios: true) : null;
    }

    /// <summary>The ratio for a point of another system, if the reference ran the model.</summary>
    protected abstract double? RatioOf(PointResult point);
}
