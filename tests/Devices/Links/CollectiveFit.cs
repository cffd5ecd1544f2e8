using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using PimSim.Devices.Links;
using PimSim.Simulator.Kernel;

namespace PimSim.Devices.Tests.Links;

/// <summary>
/// Least squares of the logarithm of predicted over measured time (Levenberg-Marquardt) over constants of one generation of a
/// stack. The predictions come from the model itself.
/// </summary>
internal static class CollectiveFit
{
    private const double LargestLog = 12;

    /// <summary>Fits the constants of some methods and, if asked, the rate of local copies.</summary>
    public static GenerationCosts Methods(CollectiveStack stack, string architecture, CollectiveMethod[] methods, bool localCopy, IReadOnlyList<MeasuredCollective> training)
    {
        GenerationCosts costs = stack.On(architecture);
        double[] guess = [.. methods.SelectMany(_ => new[] { Math.Log(6), Math.Log(0.5), Math.Log(3), Logit(0.7) }), .. localCopy ? [Math.Log(600)] : Array.Empty<double>()];
        return Run(stack, architecture, training, guess, point =>
        {
            Dictionary<CollectiveMethod, MethodCosts> fitted = new(costs.Methods);
            for (int index = 0; index < methods.Length; index++)
            {
                int at = 4 * index;
                fitted[methods[index]] = costs.Methods[methods[index]] with
                {
                    Start = Time(point[at]),
                    Step = Time(point[at + 1]),
                    Spread = Time(point[at + 2]),
                    Share = 1 / (1 + Math.Exp(-point[at + 3])),
                };
            }

            return costs with { Methods = fitted, LocalBytesPerSecond = localCopy ? Rate(point[^1]) : costs.LocalBytesPerSecond };
        });
    }

    /// <summary>Fits the time of the host and the rate of the copy into a shared buffer.</summary>
    public static GenerationCosts Host(CollectiveStack stack, string architecture, IReadOnlyList<MeasuredCollective> training)
    {
        GenerationCosts costs = stack.On(architecture);
        return Run(stack, architecture, training, [Math.Log(30), Math.Log(600)], point => costs with { Host = Time(point[0]), CopyBytesPerSecond = Rate(point[1]) });
    }

    private static GenerationCosts Run(CollectiveStack stack, string architecture, IReadOnlyList<MeasuredCollective> training, double[] guess, Func<Vector<double>, GenerationCosts> costsAt)
    {
        Dictionary<int, CollectiveGroup> groups = training.DistinctBy(row => row.Ranks)
            .ToDictionary(row => row.Ranks, row => new CollectiveGroup(row.Ranks, LinkSpecification.Open(row.Link)));
        Vector<double> Predict(Vector<double> point)
        {
            CollectiveStack candidate = stack.With(architecture, costsAt(point));
            Dictionary<int, CollectiveModel> models = groups.ToDictionary(pair => pair.Key, pair => new CollectiveModel(candidate, architecture, pair.Value));
            return Vector<double>.Build.DenseOfEnumerable(training.Select(row => Math.Log(models[row.Ranks].Cost(row.Kind, row.Bytes).Time.Value * 1e-6)));
        }

        Vector<double> positions = Vector<double>.Build.Dense(training.Count, index => index);
        Vector<double> measured = Vector<double>.Build.DenseOfEnumerable(training.Select(row => Math.Log(row.Microseconds)));
        IObjectiveModel objective = ObjectiveFunction.NonlinearModel((point, _) => Predict(point), positions, measured, accuracyOrder: 2);
        return costsAt(new LevenbergMarquardtMinimizer(maximumIterations: 400).FindMinimum(objective, Vector<double>.Build.DenseOfArray(guess)).MinimizingPoint);
    }

    private static double Logit(double share) => Math.Log(share / (1 - share));

    private static double Rate(double logGigabytes) => Math.Exp(Math.Min(logGigabytes, LargestLog)) * 1e9;

    private static Picoseconds Time(double logMicroseconds) => new((long)Math.Round(Math.Exp(Math.Min(logMicroseconds, LargestLog)) * 1e6));
}
