using MathNet.Numerics.Statistics;
using PimSim.Experiments.Results;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Claims;

/// <summary>Computes what a claim is about from simulated results, and says how far they agree.</summary>
public static class ClaimMetrics
{
    /// <summary>How far outside a published range a value may lie and still count as met, relative.</summary>
    private const double Tolerance = 0.05;

    private static readonly string[] ProductRoles =
    [
        nameof(OperatorRole.QkvProjection), nameof(OperatorRole.Attention), nameof(OperatorRole.OutputProjection),
        nameof(OperatorRole.FfnUp), nameof(OperatorRole.FfnDown), nameof(OperatorRole.LmHead),
    ];

    /// <summary>Evaluates a claim; null if the experiment did not run what it is about, or generated no tokens where it is about them.</summary>
    public static ClaimResult? Evaluate(Claim claim, IReadOnlyList<PointResult> points)
    {
        List<double> values = [];
        foreach (PointResult point in points.Where(point => point.System == claim.System))
        {
            PointResult? other = points.FirstOrDefault(candidate => candidate.System == claim.Other && candidate.Model == point.Model);
            bool wanted = claim.Models.Count == 0 || claim.Models.Contains(point.Model);
            if (wanted && (claim.Other is null || other is not null) && Value(claim.Metric, point, other) is { } value)
            {
                values.Add(value);
            }
        }

        return Result(claim, values);
    }

    /// <summary>A claim beside the values that were simulated; null without any.</summary>
    internal static ClaimResult? Result(Claim claim, List<double> values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        (double low, double high) = (values.Min(), values.Max());
        bool percent = claim.Metric is ClaimMetric.RowHitRate or ClaimMetric.NonProductShare or ClaimMetric.Slowdown or ClaimMetric.ThroughputGain or ClaimMetric.TokenTimeGain;
        return new ClaimResult(
            claim.Paper,
            claim.Text,
            claim.Class,
            claim.Low,
            claim.High,
            low,
            high,
            values.TrueForAll(value => value > 0) ? Statistics.GeometricMean(values) : Statistics.Mean(values),
            percent ? "%" : claim.Metric == ClaimMetric.MeanBatch ? "" : "x",
            Verdict(claim, low, high),
            claim.Source);
    }

    private static string Verdict(Claim claim, double low, double high) =>
        low >= claim.Low * (1 - Tolerance) && high <= claim.High * (1 + Tolerance) ? "met"
        : low <= claim.High && high >= claim.Low ? "overlaps"
        : "missed";

    private static double? Value(ClaimMetric metric, PointResult point, PointResult? other) => metric switch
    {
        ClaimMetric.SpeedUp => point.TokensPerSecond / other!.TokensPerSecond,
        ClaimMetric.EnergyRatio => other!.JoulesPerToken / point.JoulesPerToken,
        ClaimMetric.RowHitRate => 100 * (1 - ((double)point.Counters["activations"] / point.Counters["columnAccesses"])),
        ClaimMetric.NonProductShare => 100 * (1 - ((double)ProductTime(point) / point.ElapsedPicoseconds)),
        ClaimMetric.DataMovementRatio => (double)point.Counters["conventionalIoBytes"] / point.Counters["ioBytes"],
        ClaimMetric.Slowdown => 100 * (((double)point.ElapsedPicoseconds / other!.ElapsedPicoseconds) - 1),

        // Of systems that serve; a run of one model has no such number.
        _ => null,
    };

    private static long ProductTime(PointResult point) => ProductRoles
        .Where(point.TimePicoseconds.ContainsKey)
        .Sum(role => point.TimePicoseconds[role].Where(component => component.Key != "asic").Sum(component => component.Value));
}
