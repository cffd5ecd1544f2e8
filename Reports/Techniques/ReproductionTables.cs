using System.Globalization;
using PimSim.Experiments.Techniques;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Techniques;

/// <summary>Published numbers beside simulated ones, as tables.</summary>
public static class ReproductionTables
{
    /// <summary>The claims, and how close each class comes.</summary>
    public static IReadOnlyList<ReportTable> Of(IReadOnlyList<ReproducedClaim> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return
        [
            new ReportTable(
                "published and simulated",
                [new("claim", false), new("technique", false), new("what", false), new("published", true), new("simulated", true), new("ratio", true), new("class", false), new("note", false)],
                [.. claims.Select(claim => (IReadOnlyList<string>)
                [
                    claim.Claim.Id,
                    claim.Claim.Technique,
                    claim.Claim.Text,
                    Number(claim.Claim.Published, claim.Claim.Metric.Unit),
                    claim.Simulated is { } simulated ? Number(simulated, claim.Claim.Metric.Unit) : SignificantDigits.Absent,
                    SignificantDigits.Format(claim.Ratio, 3),
                    claim.Claim.Class,
                    claim.Note,
                ])]),
            new ReportTable(
                "how close",
                [new("class", false), new("claims", true), new("within 15 %", true), new("within 30 %", true)],
                [.. Reproduction.Summarise(claims).Where(summary => summary.Claims > 0).Select(summary => (IReadOnlyList<string>)
                [
                    summary.Class,
                    summary.Claims.ToString(CultureInfo.InvariantCulture),
                    Share(summary.Within15, summary.Claims),
                    Share(summary.Within30, summary.Claims),
                ])]),
        ];
    }

    private static string Number(double value, string unit) => unit.Length == 0 ? SignificantDigits.Format(value) : $"{SignificantDigits.Format(value)} {unit}";

    private static string Share(int part, int whole) => string.Create(CultureInfo.InvariantCulture, $"{part} ({100.0 * part / whole:0} %)");
}
