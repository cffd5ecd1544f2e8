using System.Globalization;
using PimSim.Experiments.Results;

namespace PimSim.Reports.Tables;

/// <summary>The tables of a result.</summary>
public static class ResultTables
{
    /// <summary>The component of time that only PIM devices have: all multipliers of all banks at work.</summary>
    internal const string MacBound = "mac-bound";

    // Hundredths of a microsecond: three to five digits for a token of 1 us to 1 ms.
    private const int AccountingDecimals = 2;
    private const double MillisecondsPerPicosecond = 1e-9;

    /// <summary>The tables that a result has, in the order of the report.</summary>
    public static IReadOnlyList<ReportTable> All(ExperimentResult result) =>
        [.. new[] { Main(result), Replayed(result), Accounting(result), Claims(result.Claims) }.OfType<ReportTable>()];

    /// <summary>Speed, energy and price of every model on every system, and the reference against each.</summary>
    public static ReportTable Main(ExperimentResult result)
    {
        bool compared = result.Points.Any(point => result.SpeedUpOfReferenceOver(point) is not null);
        List<ReportColumn> columns =
        [
            new("model", false),
            new("system", false),
            new("tokens/s", true),
            new("ms/token", true),
            new("J/token", true),
            new("$/Mtok", true),
        ];
        if (compared)
        {
            columns.Add(new($"speed-up of {result.Reference} over it", true));
            columns.Add(new($"its energy over that of {result.Reference}", true));
        }

        return new("Speed, energy and price", columns, [.. result.Points.Select(Row)]);

        IReadOnlyList<string> Row(PointResult point)
        {
            List<string> row =
            [
                point.Model,
                point.System,
                SignificantDigits.Format(point.TokensPerSecond),
                SignificantDigits.Format(point.MillisecondsPerToken),
                SignificantDigits.Format(point.JoulesPerToken),
                SignificantDigits.Format(point.DollarsPerMillionTokens),
            ];
            if (compared)
            {
                row.Add(Ratio(result.SpeedUpOfReferenceOver(point)));
                row.Add(Ratio(result.EnergyRatioToReference(point)));
            }

            return row;
        }
    }

    /// <summary>
    /// Time by component, energy and operators of a replayed trace that has no tokens to count by, or operators that were not simulated.
    /// Null for any other result.
    /// </summary>
    public static ReportTable? Replayed(ExperimentResult result)
    {
        if (result.Trace is not { } trace || (trace.OpaqueOperators == 0 && result.Points.All(point => point.Tokens > 0)))
        {
            return null;
        }

        string[] components = [.. result.Points.SelectMany(point => point.TimeComponents).Distinct(StringComparer.Ordinal)];
        return new(
            "Replayed trace",
            [
                new("model", false),
                new("system", false),
                .. components.Select(component => new ReportColumn($"{component} (ms)", true)),
                new("all (ms)", true),
                new("as measured (% of time)", true),
                new("J", true),
                new("operators", true),
                new("as measured", true),
            ],
            [.. result.Points.Select(point => (IReadOnlyList<string>)
                [
                    point.Model,
                    point.System,
                    .. components.Select(component => SignificantDigits.Format(point.TimeOf(component) * MillisecondsPerPicosecond)),
                    SignificantDigits.Format(point.ElapsedPicoseconds * MillisecondsPerPicosecond),
                    SignificantDigits.Format(100 * point.MeasuredShare),
                    SignificantDigits.Format(point.Joules),
                    trace.Operators.ToString(CultureInfo.InvariantCulture),
                    trace.OpaqueOperators.ToString(CultureInfo.InvariantCulture),
                ])]);
    }

    /// <summary>
    /// Time per token of every point on a PIM system, in microseconds: the bound, what each loss adds, and the total. The
    /// printed numbers of a row add up exactly. Null if no point ran on PIM.
    /// </summary>
    public static ReportTable? Accounting(ExperimentResult result)
    {
        PointResult[] points = [.. result.Points.Where(HasTimePerToken)];
        if (points.Length == 0)
        {
            return null;
        }

        string[] components = [.. points.SelectMany(point => point.TimeComponents).Distinct(StringComparer.Ordinal)];
        List<ReportColumn> columns = [new("model", false), new("system", false)];
        columns.AddRange(components.Select((component, index) => new ReportColumn(index == 0 ? component : $"+ {component}", true)));
        columns.Add(new("= us/token", true));
        columns.Add(new("bound / total (%)", true));
        return new("Latency of PIM systems (us/token)", columns, [.. points.Select(Row)]);

        IReadOnlyList<string> Row(PointResult point)
        {
            // Rounding the running sum instead of each entry: then the rounded entries add up to the rounded total.
            List<string> row = [point.Model, point.System];
            long picoseconds = 0;
            decimal printed = 0;
            foreach (string component in components)
            {
                picoseconds += point.TimeOf(component);
                decimal running = Microseconds(picoseconds, point.Tokens);
                row.Add(Fixed(running - printed));
                printed = running;
            }

            row.Add(Fixed(printed));
            row.Add(SignificantDigits.Format(100.0 * point.TimeOf(MacBound) / picoseconds, 3));
            return row;
        }
    }

    /// <summary>Published claims beside the simulated values. Null without claims.</summary>
    public static ReportTable? Claims(IReadOnlyList<ClaimResult> claims) => claims.Count == 0
        ? null
        : new(
            "Published claims",
            [
                new("paper", false),
                new("claim", false),
                new("class", false),
                new("published", true),
                new("simulated", true),
                new("geometric mean", true),
                new("simulated / published", true),
                new("verdict", false),
                new("source", false),
            ],
            [.. claims.Select(claim => (IReadOnlyList<string>)
                [
                    claim.Paper,
                    claim.Claim,
                    claim.Class,
                    ClaimText.Published(claim, claim.Unit),
                    ClaimText.Simulated(claim, claim.Unit),
                    SignificantDigits.Format(claim.GeometricMean) + claim.Unit,
                    SignificantDigits.Format(ClaimText.RatioOf(claim), 3),
                    claim.Verdict,
                    claim.Source,
                ])]);

    /// <summary>Whether a point generated tokens on PIM, so that the time of one has a bound and losses.</summary>
    internal static bool HasTimePerToken(PointResult point) => point.Tokens > 0 && point.TimeComponents.Contains(MacBound, StringComparer.Ordinal);

    private static decimal Microseconds(long picoseconds, long tokens) => Math.Round(picoseconds / 1_000_000m / tokens, AccountingDecimals);

    private static string Fixed(decimal value) => value.ToString($"F{AccountingDecimals}", CultureInfo.InvariantCulture);

    private static string Ratio(double? value) => SignificantDigits.Format(value ?? double.NaN);
}
