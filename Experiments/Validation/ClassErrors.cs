using System.Collections.Immutable;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Validation;

/// <summary>How well one class of operators, or all of them, is predicted.</summary>
/// <param name="Class">The class; null for all together.</param>
/// <param name="Errors">Errors of the times.</param>
/// <param name="Baseline">The roofline fitted to the same rows; null for too few rows, and for all together, where each class has its own.</param>
/// <param name="BaselineErrors">Errors of that roofline, over the rows that have one; null where none has.</param>
/// <param name="Sizes">Errors by decade of measured time.</param>
/// <param name="Energy">Errors of energy and power; null where no power was measured.</param>
/// <param name="Worst">The rows with the largest errors, worst first.</param>
public sealed record ClassErrors(
    MeasurementClass? Class,
    ErrorStatistics Errors,
    RooflineFit? Baseline,
    ErrorStatistics? BaselineErrors,
    IReadOnlyList<SizeErrors> Sizes,
    EnergyErrors? Energy,
    IReadOnlyList<ComparedRow> Worst)
{
    private const int WorstShown = 10;

    /// <summary>One class.</summary>
    public static ClassErrors Of(MeasurementClass kind, IReadOnlyList<ComparedRow> rows)
    {
        RooflineFit? baseline = RooflineFit.Of(rows);
        return new ClassErrors(
            kind,
            ErrorStatistics.Of(rows.Select(row => row.Ratio))!,
            baseline,
            baseline is null ? null : ErrorStatistics.Of(rows.Select(row => baseline.Nanoseconds(row.Terms) / row.MeasuredNs)),
            SizeErrors.Of(rows),
            EnergyErrors.Of(rows),
            WorstOf(rows));
    }

    /// <summary>All classes together.</summary>
    public static ClassErrors OfAll(IReadOnlyList<ComparedRow> rows, IReadOnlyList<ClassErrors> classes)
    {
        Dictionary<MeasurementClass, RooflineFit> fits = classes.Where(one => one.Baseline is not null).ToDictionary(one => one.Class!.Value, one => one.Baseline!);
        return new ClassErrors(
            null,
            ErrorStatistics.Of(rows.Select(row => row.Ratio))!,
            null,
            ErrorStatistics.Of(rows.Where(row => fits.ContainsKey(row.Measurement.Class)).Select(row => fits[row.Measurement.Class].Nanoseconds(row.Terms) / row.MeasuredNs)),
            SizeErrors.Of(rows),
            EnergyErrors.Of(rows),
            WorstOf(rows));
    }

    private static ImmutableArray<ComparedRow> WorstOf(IReadOnlyList<ComparedRow> rows) =>
        [.. rows.OrderByDescending(row => Math.Abs(row.Ratio - 1)).Take(WorstShown)];
}
