using System.Collections.Immutable;

namespace PimSim.Experiments.Validation;

/// <summary>Errors of energy and of power, over rows whose power was measured.</summary>
/// <param name="Energy">Predicted energy against power times time.</param>
/// <param name="Power">Predicted energy over predicted time against measured power.</param>
/// <param name="LongEnergy">The first over kernels of at least <see cref="ResolvedNs"/>; null if there are none.</param>
/// <param name="LongPower">The second over the same.</param>
public sealed record EnergyErrors(ErrorStatistics Energy, ErrorStatistics Power, ErrorStatistics? LongEnergy, ErrorStatistics? LongPower)
{
    /// <summary>
    /// Times from which a measured power is that of the kernel. NVML averages over milliseconds, so that the gaps between the repetitions of
    /// shorter kernels are in it.
    /// </summary>
    public const double ResolvedNs = 100_000;

    /// <summary>Errors of the rows with measured power and predicted energy; null if there are none.</summary>
    public static EnergyErrors? Of(IEnumerable<ComparedRow> rows)
    {
        ImmutableArray<ComparedRow> metered = [.. rows.Where(row => row is { MeasuredJoules: > 0, PredictedJoules: not null })];
        ImmutableArray<ComparedRow> resolved = [.. metered.Where(row => row.MeasuredNs >= ResolvedNs)];
        return metered.IsEmpty
            ? null
            : new EnergyErrors(EnergyOf(metered)!, PowerOf(metered)!, EnergyOf(resolved), PowerOf(resolved));
    }

    private static ErrorStatistics? EnergyOf(ImmutableArray<ComparedRow> rows) => ErrorStatistics.Of(rows.Select(row => row.PredictedJoules!.Value / row.MeasuredJoules!.Value));

    private static ErrorStatistics? PowerOf(ImmutableArray<ComparedRow> rows) => ErrorStatistics.Of(rows.Select(row => row.PredictedWatts!.Value / row.Measurement.BoardWatts!.Value));
}
