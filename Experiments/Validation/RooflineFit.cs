using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;

namespace PimSim.Experiments.Validation;

/// <summary>
/// The baseline: t0 + max(FLOPs / (a x peak), bytes / (b x bandwidth)), with t0, a and b fitted to the very rows that it is then judged on, for
/// the smallest mean error. It is the best that a roofline of three constants can do, and it needs the measurements that a model should predict.
/// </summary>
/// <param name="OffsetNs">t0.</param>
/// <param name="ComputeShare">a.</param>
/// <param name="MemoryShare">b.</param>
public sealed record RooflineFit(double OffsetNs, double ComputeShare, double MemoryShare)
{
    /// <summary>Three constants fitted to fewer rows than this say nothing.</summary>
    public const int FewestRows = 10;

    private const double Tolerance = 1e-7;
    private const int Iterations = 1000;
    private const double LargestLogarithm = 40;

    // From a device at its peak to one far below: the error has several valleys.
    private static readonly double[] Shares = [0.9, 0.5, 0.15];

    /// <summary>Predicted time.</summary>
    public double Nanoseconds(in RooflineTerms terms) => OffsetNs + Math.Max(terms.ComputeNs / ComputeShare, terms.MemoryNs / MemoryShare);

    /// <summary>Fits the constants; null with fewer than <see cref="FewestRows"/> rows. Deterministic.</summary>
    public static RooflineFit? Of(IReadOnlyList<ComparedRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count < FewestRows)
        {
            return null;
        }

        double[] measured = [.. rows.Select(row => row.MeasuredNs)];
        RooflineTerms[] terms = [.. rows.Select(row => row.Terms)];
        RooflineFit? best = null;
        double least = double.PositiveInfinity;
        IObjectiveFunction error = ObjectiveFunction.Value(point =>
        {
            RooflineFit fit = From(point);
            double mean = MeanError(fit, terms, measured);
            if (mean < least)
            {
                (least, best) = (mean, fit);
            }

            return mean;
        });
        double shortest = Math.Log(measured.Min());
        foreach (double compute in Shares)
        {
            foreach (double memory in Shares)
            {
                Search(error, Vector<double>.Build.DenseOfArray([shortest, Math.Log(compute), Math.Log(memory)]));
            }
        }

        // A simplex may shrink onto a kink; a fresh one around the best point goes on.
        if (best is not null)
        {
            Search(error, Vector<double>.Build.DenseOfArray([Math.Log(best.OffsetNs), Math.Log(best.ComputeShare), Math.Log(best.MemoryShare)]));
        }

        return best;
    }

    private static void Search(IObjectiveFunction error, Vector<double> start)
    {
        try
        {
            NelderMeadSimplex.Minimum(error, start, Tolerance, Iterations);
        }
        catch (MaximumIterationsException)
        {
            // The tolerance is relative: near an error of 0 it is never reached. The best point is kept by the objective.
        }
    }

    private static RooflineFit From(Vector<double> point) => new(Exponential(point[0]), Exponential(point[1]), Exponential(point[2]));

    private static double Exponential(double value) => Math.Exp(Math.Clamp(value, -LargestLogarithm, LargestLogarithm));

    private static double MeanError(RooflineFit fit, RooflineTerms[] terms, double[] measured)
    {
        double sum = 0;
        for (int i = 0; i < measured.Length; i++)
        {
            sum += Math.Abs((fit.Nanoseconds(terms[i]) / measured[i]) - 1);
        }

        return sum / measured.Length;
    }
}
