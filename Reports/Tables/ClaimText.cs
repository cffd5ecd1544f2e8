using System.Globalization;
using PimSim.Experiments.Results;

namespace PimSim.Reports.Tables;

/// <summary>How the ranges of a claim are written and compared.</summary>
internal static class ClaimText
{
    // No paper prints more digits, and no zeros that it didn't print.
    private const string AsPrinted = "G6";

    /// <summary>The published range as it is printed.</summary>
    public static string Published(ClaimResult claim, string unit) =>
        Range(claim.PublishedLow.ToString(AsPrinted, CultureInfo.InvariantCulture), claim.PublishedHigh.ToString(AsPrinted, CultureInfo.InvariantCulture), unit);

    /// <summary>The simulated range.</summary>
    public static string Simulated(ClaimResult claim, string unit) =>
        Range(SignificantDigits.Format(claim.SimulatedLow), SignificantDigits.Format(claim.SimulatedHigh), unit);

    /// <summary>
    /// Geometric mean of the simulated values over the middle of the published range: the geometric one of its ends, or
    /// the arithmetic one where an end is not positive.
    /// </summary>
    public static double RatioOf(ClaimResult claim) => claim.GeometricMean / (claim.PublishedLow > 0
        ? Math.Sqrt(claim.PublishedLow * claim.PublishedHigh)
        : (claim.PublishedLow + claim.PublishedHigh) / 2);

    // One number, or two with 'to' between: a dash would be read as a minus sign.
    private static string Range(string low, string high, string unit) => low == high ? low + unit : $"{low}{unit} to {high}{unit}";
}
