namespace PimSim.Experiments.Validation;

/// <summary>Errors of the rows whose measured time lies in one decade.</summary>
/// <param name="FromNs">Lower end of the decade, in it.</param>
/// <param name="Errors">Its errors.</param>
public sealed record SizeErrors(double FromNs, ErrorStatistics Errors)
{
    /// <summary>Errors by decade, shortest first; empty ones are left out.</summary>
    public static IReadOnlyList<SizeErrors> Of(IEnumerable<ComparedRow> rows) =>
    [
        .. from row in rows
           group row.Ratio by Decade(row.MeasuredNs) into decade
           orderby decade.Key
           select new SizeErrors(Math.Pow(10, decade.Key), ErrorStatistics.Of(decade)!),
    ];

    // A logarithm of 1000 may come out a bit below 3.
    private static int Decade(double nanoseconds)
    {
        int decade = (int)Math.Round(Math.Log10(nanoseconds));
        return Math.Pow(10, decade) <= nanoseconds ? decade : decade - 1;
    }
}
