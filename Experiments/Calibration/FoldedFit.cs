using System.Collections.Immutable;
using PimSim.Experiments.Validation;

namespace PimSim.Experiments.Calibration;

/// <summary>
/// A family's constants fitted on all its measurements, with the errors that fits without some of the groups have on those (<see cref="GroupFolds"/>).
/// </summary>
internal static class FoldedFit
{
    private const int Seed = 1;

    /// <summary>Fills in what constants predict for measurements; called often, must be pure.</summary>
    public delegate void Prediction<T>(ImmutableArray<double> values, IReadOnlyList<T> which, double[] into);

    /// <summary>Fits <paramref name="family"/> on <paramref name="rows"/>.</summary>
    /// <param name="family">Its constants are where each fit starts.</param>
    /// <param name="rows">The measurements.</param>
    /// <param name="group">Which group a measurement falls into.</param>
    /// <param name="measured">Its time.</param>
    /// <param name="mostRows">A fit takes so many at most, chosen at random.</param>
    /// <param name="predict">Predicted times, in the unit of the measured ones.</param>
    public static FamilyFit Run<T>(
        StackFamily family, IReadOnlyList<T> rows, Func<T, string> group, Func<T, double> measured, int mostRows, Prediction<T> predict)
    {
        IEnumerable<double> Ratios(ImmutableArray<double> values, IReadOnlyList<T> which)
        {
            double[] predicted = new double[which.Count];
            predict(values, which, predicted);
            return predicted.Zip(which, (time, row) => time / measured(row));
        }

        ImmutableArray<double> FitOn(T[] which)
        {
            T[] chosen = Chosen(which, mostRows);
            return ConstantFit.Run(family.Definitions, family.Values, [.. chosen.Select(measured)], (values, into) => predict(values, chosen, into));
        }

        IReadOnlyList<IReadOnlySet<string>> folds = GroupFolds.Of(rows.Select(group));
        List<double> leftOut = [];
        foreach (IReadOnlySet<string> without in folds)
        {
            ImmutableArray<double> fitted = FitOn([.. rows.Where(row => !without.Contains(group(row)))]);
            leftOut.AddRange(Ratios(fitted, [.. rows.Where(row => without.Contains(group(row)))]));
        }

        return new FamilyFit(
            family,
            rows.Count,
            rows.Select(group).Distinct(StringComparer.Ordinal).Count(),
            folds.Count,
            ErrorStatistics.Of(Ratios(family.Values, rows))!,
            ErrorStatistics.Of(leftOut),
            FitOn([.. rows]));
    }

    private static T[] Chosen<T>(T[] rows, int most)
    {
        new Random(Seed).Shuffle(rows);
        return rows[..Math.Min(most, rows.Length)];
    }
}
