using System.Globalization;
using PimSim.Experiments.Matrix;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Matrix;

/// <summary>What the numbers of a technique say in words: where it pays, where not, and what bounds it.</summary>
public static class MatrixSentences
{
    private const double Pays = 1.05;
    private const double Costs = 0.95;

    /// <summary>A sentence for each workload of a technique.</summary>
    public static IEnumerable<(string Workload, string Text)> Of(MatrixResult result, string technique)
    {
        ArgumentNullException.ThrowIfNull(result);
        foreach ((string workload, _) in result.Workloads)
        {
            MatrixPoint[] points = [.. result.Points.Where(point => point.Technique == technique && point.Workload == workload)];
            if (points.Length > 0)
            {
                yield return (workload, Sentence(points));
            }
        }
    }

    private static string Sentence(MatrixPoint[] points)
    {
        MatrixPoint[] compared = [.. points.Where(point => point.SpeedUp is not null)];
        List<string> parts =
        [
            .. Part("pays on", compared.Where(point => point.SpeedUp >= Pays).OrderByDescending(point => point.SpeedUp), "saves"),
            .. Part("makes no difference on", compared.Where(point => point.SpeedUp is > Costs and < Pays), null),
            .. Part("costs on", compared.Where(point => point.SpeedUp <= Costs).OrderBy(point => point.SpeedUp), "adds"),
        ];
        foreach (IGrouping<string, MatrixPoint> fault in points.Where(point => point.SpeedUp is null).GroupBy(point => point.Fault))
        {
            string verb = fault.Any(point => point.Result is null) ? "not run" : "not compared";
            string where = fault.Count() == points.Length ? "" : $" on {string.Join(", ", fault.Select(point => point.System))}";
            parts.Add($"{verb}{where}: {(fault.Key.Length > 0 ? fault.Key.TrimEnd('.') : "it commits nothing to compare")}");
        }

        string text = string.Join("; ", parts);
        return text.Length == 0 ? "" : $"{char.ToUpperInvariant(text[0])}{text[1..]}.";
    }

    private static IEnumerable<string> Part(string verb, IEnumerable<MatrixPoint> points, string? change)
    {
        string[] texts = [.. points.Select(point => Described(point, change))];
        return texts.Length == 0 ? [] : [$"{verb} {string.Join(", ", texts)}"];
    }

    private static string Described(MatrixPoint point, string? change)
    {
        string bound = point.Bound is { } own ? $"bound by {own.Word} {Percent(own.Share)}" : "";
        string plain = point.PlainBound is { } other && other.Word != point.Bound?.Word ? $", plain decoding by {other.Word} {Percent(other.Share)}" : "";
        string changed = change is not null && point.Change is { } most ? $", {change} {Percent(Math.Abs(most.Share))} in {most.Word}" : "";
        return $"{point.System} ({SignificantDigits.Format(point.SpeedUp, 3)} x: {bound}{plain}{changed})";
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0} %");
}
