namespace PimSim.Experiments.Validation;

/// <summary>Errors of predictions, as parts of what was measured.</summary>
/// <param name="Count">Rows.</param>
/// <param name="MeanAbsolute">Mean of |predicted / measured - 1| (MAPE).</param>
/// <param name="Bias">Mean of predicted / measured - 1: above 0 where the model is too slow.</param>
/// <param name="Median">The error that half of the rows do not exceed.</param>
/// <param name="Percentile90">The error that 90 % of the rows do not exceed.</param>
/// <param name="Largest">The largest error.</param>
public sealed record ErrorStatistics(int Count, double MeanAbsolute, double Bias, double Median, double Percentile90, double Largest)
{
    /// <summary>Statistics of predicted over measured values; null if there are none. Percentiles are values of rows, never between two.</summary>
    public static ErrorStatistics? Of(IEnumerable<double> ratios)
    {
        double[] signed = [.. ratios.Select(ratio => ratio - 1)];
        if (signed.Length == 0)
        {
            return null;
        }

        double[] errors = [.. signed.Select(Math.Abs)];
        double mean = errors.Average();
        Array.Sort(errors);
        return new ErrorStatistics(signed.Length, mean, signed.Average(), AtRank(errors, 0.5), AtRank(errors, 0.9), errors[^1]);
    }

    private static double AtRank(double[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}
