using System.Buffers;
using System.Globalization;
using System.Text;
using PimSim.Experiments.Results;

namespace PimSim.Reports.Tables;

/// <summary>
/// Results as comma-separated values: RFC 4180 quoting, lines end with a line feed, numbers in full precision (reading one
/// back gives the same double).
/// </summary>
public static class ResultCsv
{
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(",\"\r\n");

    /// <summary>
    /// One line per point. The time and energy of a component are its sums over operator roles; a field is empty where a
    /// system doesn't have the component.
    /// </summary>
    public static string Points(ExperimentResult result)
    {
        string[] times = [.. result.Points.SelectMany(point => point.TimeComponents).Distinct(StringComparer.Ordinal)];
        string[] energies = [.. result.Points.SelectMany(point => point.EnergyComponents).Distinct(StringComparer.Ordinal)];
        StringBuilder csv = new();
        AppendLine(
            csv,
            [
                "model", "system", "parts", "changes", "parameters", "tokens", "elapsed_ps", "first_token_ps",
                "tokens_per_second", "milliseconds_per_token", "joules", "joules_per_token", "average_watts",
                "usd_per_million_tokens", "price_basis", "speed_up_of_reference_over_it", "energy_over_that_of_reference",
                "flops", "trace_bytes",
                .. times.Select(component => $"time_{component}_ps"),
                .. energies.Select(component => $"energy_{component}_aJ"),
            ]);
        foreach (PointResult point in result.Points)
        {
            AppendLine(
                csv,
                [
                    point.Model,
                    point.System,
                    string.Join("; ", point.Parts),
                    string.Join("; ", point.Changes),
                    Exact(point.Parameters),
                    Exact(point.Tokens),
                    Exact(point.ElapsedPicoseconds),
                    Exact(point.FirstTokenPicoseconds),
                    Exact(point.TokensPerSecond),
                    Exact(point.MillisecondsPerToken),
                    Exact(point.Joules),
                    Exact(point.JoulesPerToken),
                    Exact(point.AverageWatts),
                    Exact(point.DollarsPerMillionTokens),
                    point.PriceBasis,
                    Exact(result.SpeedUpOfReferenceOver(point)),
                    Exact(result.EnergyRatioToReference(point)),
                    Exact(point.Flops),
                    Exact(point.TraceBytes),
                    .. times.Select(component => point.TimeComponents.Contains(component, StringComparer.Ordinal) ? Exact(point.TimeOf(component)) : ""),
                    .. energies.Select(component => point.EnergyComponents.Contains(component, StringComparer.Ordinal)
                        ? Exact(point.EnergyAttojoules.Values.Sum(row => row.GetValueOrDefault(component)))
                        : ""),
                ]);
        }

        return csv.ToString();
    }

    /// <summary>One line per claim: paper, claim, class, published, simulated, ratio, note.</summary>
    public static string Claims(IReadOnlyList<ClaimResult> claims)
    {
        StringBuilder csv = new();
        AppendLine(csv, ["paper", "claim", "class", "published", "simulated", "ratio", "note"]);
        foreach (ClaimResult claim in claims)
        {
            string unit = claim.Unit.Length == 0 ? "" : $"; in {claim.Unit}";
            AppendLine(
                csv,
                [
                    claim.Paper,
                    claim.Claim,
                    claim.Class,
                    ClaimText.Published(claim, ""),
                    ClaimText.Simulated(claim, ""),
                    SignificantDigits.Format(ClaimText.RatioOf(claim)),
                    $"{claim.Verdict}{unit}; geometric mean {SignificantDigits.Format(claim.GeometricMean)}; {claim.Source}",
                ]);
        }

        return csv.ToString();
    }

    internal static void AppendLine(StringBuilder csv, IReadOnlyList<string> fields) =>
        csv.AppendJoin(',', fields.Select(Quoted)).Append('\n');

    internal static string Quoted(string field) =>
        field.AsSpan().ContainsAny(NeedsQuotes) ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;

    private static string Exact<T>(T value)
        where T : struct, IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Exact(double? value) => value is { } number ? Exact(number) : "";
}
