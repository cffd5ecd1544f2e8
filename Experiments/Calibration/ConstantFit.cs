using System.Collections.Immutable;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using PimSim.Devices.Gpu.Kernels;

namespace PimSim.Experiments.Calibration;

/// <summary>
/// Fits constants of a model to measured times: least squares of the logarithm of predicted over measured (Levenberg-Marquardt of MathNet),
/// reweighted so that a far-off measurement pulls no harder than a near one; in between each constant is varied alone. Deterministic.
/// </summary>
public static class ConstantFit
{
    /// <summary>Errors much smaller than this count squared, larger ones linearly: a few per cent is the noise of a timer.</summary>
    private const double NoiseLevel = 0.05;

    /// <summary>A constant that may be 0 is held above this part of its maximum while it is fitted, as its logarithm is varied.</summary>
    private const double SmallestPart = 1e-4;

    private const int Reweightings = 4;
    private const int StepsEach = 12;
    private const int Passes = 2;

    /// <summary>Factors that a constant is tried at: the model has kinks, at which derivatives say nothing of what lies behind them.</summary>
    private static readonly ImmutableArray<double> Factors = [0.5, 0.8, 0.95, 1.05, 1.25, 2];

    /// <summary>
    /// Fits <paramref name="definitions"/> from <paramref name="start"/> on. A constant that starts at 0 stays there: the library lacks what it stands for.
    /// </summary>
    /// <param name="definitions">The constants with their bounds.</param>
    /// <param name="start">Where to start, in their order.</param>
    /// <param name="measured">Measured times, all above 0.</param>
    /// <param name="predict">Fills in the predicted times for constants; called often, must be pure.</param>
    public static ImmutableArray<double> Run(
        ImmutableArray<KernelConstant> definitions, ImmutableArray<double> start, double[] measured, Action<ImmutableArray<double>, double[]> predict)
    {
        int[] free = [.. Enumerable.Range(0, start.Length).Where(i => start[i] != 0)];
        ImmutableArray<double> All(ImmutableArray<double> values)
        {
            double[] all = new double[start.Length];
            for (int i = 0; i < free.Length; i++)
            {
                all[free[i]] = values[i];
            }

            return [.. all];
        }

        return All(Fit([.. free.Select(i => definitions[i])], [.. free.Select(i => start[i])], measured, (values, into) => predict(All(values), into)));
    }

    private static ImmutableArray<double> Fit(
        ImmutableArray<KernelConstant> definitions, ImmutableArray<double> start, double[] measured, Action<ImmutableArray<double>, double[]> predict)
    {
        Vector<double> low = Vector<double>.Build.DenseOfEnumerable(definitions.Select(definition => Math.Log(Floor(definition)) - 1e-6));
        Vector<double> high = Vector<double>.Build.DenseOfEnumerable(definitions.Select(definition => Math.Log(definition.Maximum) + 1e-6));
        Vector<double> at = Vector<double>.Build.DenseOfEnumerable(definitions.Zip(start, (definition, value) => Math.Log(Math.Clamp(value, Floor(definition), definition.Maximum))));
        Vector<double> index = Vector<double>.Build.Dense(measured.Length, i => i);
        Vector<double> target = Vector<double>.Build.Dense(measured.Length, i => Math.Log(measured[i]));
        double[] predicted = new double[measured.Length];

        Vector<double> Logarithms(Vector<double> parameters)
        {
            predict(Values(definitions, parameters), predicted);
            return Vector<double>.Build.Dense(predicted.Length, i => Math.Log(predicted[i]));
        }

        for (int round = 0; round < Reweightings; round++)
        {
            Vector<double> error = Logarithms(at) - target;
            Vector<double> weight = error.Map(value => 1 / Math.Sqrt(1 + (value / NoiseLevel * (value / NoiseLevel))));
            IObjectiveModel objective = ObjectiveFunction.NonlinearModel((parameters, _) => Logarithms(parameters), index, target, weight, accuracyOrder: 1);
            NonlinearMinimizationResult result = new LevenbergMarquardtMinimizer(maximumIterations: StepsEach).FindMinimum(objective, at, low, high);
            at = result.MinimizingPoint;
            for (int pass = 0; pass < Passes && VaryEach(at, low, high, point => Loss(Logarithms(point) - target)); pass++)
            {
            }
        }

        return Values(definitions, at);
    }

    /// <summary>Moves each parameter alone to the best of <see cref="Factors"/>; false if none moved.</summary>
    private static bool VaryEach(Vector<double> at, Vector<double> low, Vector<double> high, Func<Vector<double>, double> loss)
    {
        bool moved = false;
        double best = loss(at);
        for (int i = 0; i < at.Count; i++)
        {
            double from = at[i];
            double to = from;
            foreach (double factor in Factors)
            {
                at[i] = Math.Clamp(from + Math.Log(factor), low[i], high[i]);
                double tried = loss(at);
                if (tried < best)
                {
                    (best, to, moved) = (tried, at[i], true);
                }
            }

            at[i] = to;
        }

        return moved;
    }

    /// <summary>Sum over errors, quadratic below and linear above <see cref="NoiseLevel"/>.</summary>
    private static double Loss(Vector<double> error) => error.Sum(value => Math.Sqrt(1 + (value / NoiseLevel * (value / NoiseLevel))) - 1);

    private static double Floor(KernelConstant definition) => Math.Max(definition.Minimum, definition.Maximum * SmallestPart);

    private static ImmutableArray<double> Values(ImmutableArray<KernelConstant> definitions, Vector<double> logarithms) =>
        [.. definitions.Select((definition, i) => Math.Clamp(Math.Exp(logarithms[i]), Floor(definition), definition.Maximum))];
}
