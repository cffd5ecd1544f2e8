using PimSim.Experiments.Results;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Figures;

/// <summary>What the time or energy per token of one PIM system consists of: one stacked bar per model.</summary>
/// <param name="result">The result that it shows.</param>
/// <param name="system">The PIM system.</param>
/// <param name="fileSuffix">What tells the files of this system from those of another.</param>
internal abstract class BreakdownFigure(ExperimentResult result, string system, string fileSuffix) : Figure(result)
{
    /// <inheritdoc/>
    public override string Name => $"{NameOfKind}-{fileSuffix}";

    /// <summary>The system.</summary>
    protected string System { get; } = system;

    /// <summary>Points of all PIM systems; parts are chosen from them, so that they look the same for every system.</summary>
    protected IReadOnlyList<PointResult> PimPoints { get; } = [.. result.Points.Where(ResultTables.HasTimePerToken)];

    /// <summary>Beginning of the names of its files.</summary>
    protected abstract string NameOfKind { get; }

    /// <summary>Title of the value axis with its unit.</summary>
    protected abstract string ValueTitle { get; }

    /// <inheritdoc/>
    public override BarChart? Chart()
    {
        PointResult[] points = [.. PimPoints.Where(point => point.System == System)];
        StackPart[] parts = [.. Parts().Where(part => points.Any(point => Amount(point, part) > 0))];
        if (parts.Length == 0)
        {
            return null;
        }

        double[,] values = new double[points.Length, parts.Length];
        for (int bar = 0; bar < points.Length; bar++)
        {
            for (int part = 0; part < parts.Length; part++)
            {
                values[bar, part] = Amount(points[bar], parts[part]);
            }
        }

        return new StackedBars(
            [.. points.Select(point => point.Model)],
            [.. parts.Select(part => new ChartSeries(part.Label, part.Fill))],
            ValueTitle,
            values,
            [.. points.Select(NumberOver)]);

        double Amount(PointResult point, StackPart part) => part.Names.Sum(name => AmountOf(point, name));
    }

    /// <summary>Parts of the bars, bottom to top.</summary>
    protected abstract IReadOnlyList<StackPart> Parts();

    /// <summary>How high the piece of a role or component is.</summary>
    protected abstract double AmountOf(PointResult point, string name);

    /// <summary>What is printed over the bar of a point.</summary>
    protected abstract string NumberOver(PointResult point);

    /// <summary>Picoseconds of a role.</summary>
    protected static double TimeOfRole(PointResult point, string role) => point.TimePicoseconds.GetValueOrDefault(role)?.Values.Sum() ?? 0;

    /// <summary>Joules of a role.</summary>
    protected static double JoulesOfRole(PointResult point, string role) => (double)(point.EnergyAttojoules.GetValueOrDefault(role)?.Values.Sum() ?? 0) * 1e-18;

    /// <summary>Operator roles: one choice for time and energy.</summary>
    protected IReadOnlyList<StackPart> RoleParts() => StackParts.Choose(
        OperatorRoleNames.InOrder(PimPoints.SelectMany(point => point.TimePicoseconds.Keys.Concat(point.EnergyAttojoules.Keys))),
        OperatorRoleNames.Readable,
        role => PimPoints.Max(point => Math.Max(TimeOfRole(point, role) / point.ElapsedPicoseconds, JoulesOfRole(point, role) / point.Joules)));
}
