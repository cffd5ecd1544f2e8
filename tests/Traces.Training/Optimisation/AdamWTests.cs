using PimSim.Traces.Training.Numerics;
using PimSim.Traces.Training.Optimisation;
using Xunit;

namespace PimSim.Traces.Training.Tests.Optimisation;

/// <summary>The optimiser against its equations in double precision, and the course of the learning rate.</summary>
public class AdamWTests
{
    [Fact]
    public void Steps_follow_the_equations()
    {
        const int length = 20_011;
        const double rate = 1e-2;
        const double decay = 0.1;
        const double clip = 0.7;
        SeededRandom random = new(8);
        float[] parameters = [.. Enumerable.Range(0, length).Select(_ => (float)random.NextGaussian())];
        double[] expected = [.. parameters.Select(value => (double)value)];
        double[] mean = new double[length];
        double[] square = new double[length];
        Range decaying = 100..17_000;
        AdamW optimiser = new(length, [decaying], decay, new WorkCrew(2));
        for (int step = 1; step <= 5; step++)
        {
            // The first gradients are longer than the clip, the last are not.
            float[] gradient = [.. Enumerable.Range(0, length).Select(_ => (float)(random.NextGaussian() * (step < 4 ? 0.1 : 0.001)))];
            double norm = Math.Sqrt(gradient.Sum(value => (double)value * value));
            Assert.Equal(norm, optimiser.Step(parameters, gradient, rate, clip), norm * 1e-6);
            double factor = Math.Min(1, clip / norm);
            for (int i = 0; i < length; i++)
            {
                double g = gradient[i] * factor;
                mean[i] = (0.9 * mean[i]) + (0.1 * g);
                square[i] = (0.95 * square[i]) + (0.05 * g * g);
                double update = mean[i] / (1 - Math.Pow(0.9, step)) / (Math.Sqrt(square[i] / (1 - Math.Pow(0.95, step))) + 1e-8);
                double shrink = i >= 100 && i < 17_000 ? 1 - (rate * decay) : 1;
                expected[i] = (expected[i] * shrink) - (rate * update);
            }
        }

        for (int i = 0; i < length; i++)
        {
            Assert.Equal(expected[i], parameters[i], 2e-5);
        }
    }

    [Fact]
    public void The_learning_rate_rises_then_falls_to_its_last_value()
    {
        TrainingPlan plan = new() { Steps = 1000, Batch = 1, LearningRate = 2, WarmupSteps = 100, FinalRate = 0.05 };
        double[] rates = [.. Enumerable.Range(0, 1000).Select(plan.RateAt)];
        Assert.Equal(0.02, rates[0], 1e-12);
        Assert.Equal(2, rates[100], 1e-12);
        Assert.Equal(0.1 + (0.5 * 1.9), rates[550], 1e-12);
        Assert.InRange(rates[999], 0.1, 0.101);
        Assert.All(Enumerable.Range(1, 999), step => Assert.True(step <= 100 ? rates[step] >= rates[step - 1] : rates[step] < rates[step - 1]));
    }
}
