using System.Collections.Immutable;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Experiments.Calibration;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Experiments.Tests.Calibration;

public class ConstantFitTests
{
    private static readonly ImmutableArray<KernelConstant> Definitions =
    [
        new("launch", Dimension.Time, 10, 10_000, "ns"),
        new("bandwidth", Dimension.Bandwidth, 1, 1_000, "GB/s"),
        new("rate", Dimension.Ratio, 0.1, 100, ""),
    ];

    private static readonly (double Bytes, double Work)[] Points =
        [.. from bytes in Enumerable.Range(1, 12) from work in Enumerable.Range(1, 12) select (Math.Pow(2, bytes + 4), Math.Pow(2, work + 2))];

    [Fact]
    public void Constants_that_made_the_times_are_found_again_from_far_off()
    {
        ImmutableArray<double> truth = [700, 40, 3];
        ImmutableArray<double> found = ConstantFit.Run(Definitions, [3000, 400, 20], Times(truth), Predict);
        for (int i = 0; i < truth.Length; i++)
        {
            Assert.Equal(truth[i], found[i], truth[i] * 0.01);
        }
    }

    [Fact]
    public void A_tenth_of_wild_measurements_moves_the_fit_by_little()
    {
        ImmutableArray<double> truth = [700, 40, 3];
        double[] times = Times(truth);
        for (int i = 0; i < times.Length; i += 10)
        {
            times[i] *= 5;
        }

        ImmutableArray<double> found = ConstantFit.Run(Definitions, [1000, 100, 5], times, Predict);
        for (int i = 0; i < truth.Length; i++)
        {
            Assert.Equal(truth[i], found[i], truth[i] * 0.05);
        }
    }

    [Fact]
    public void The_same_input_gives_the_same_digits() => Assert.Equal(
        ConstantFit.Run(Definitions, [1000, 100, 5], Times([700, 40, 3]), Predict),
        ConstantFit.Run(Definitions, [1000, 100, 5], Times([700, 40, 3]), Predict));

    [Fact]
    public void What_a_library_lacks_stays_at_0_and_does_not_disturb_the_others()
    {
        ImmutableArray<KernelConstant> definitions = [Definitions[0], new("lacking", Dimension.Time, 0, 10_000, "ns"), Definitions[1], Definitions[2]];
        ImmutableArray<double> found = ConstantFit.Run(
            definitions,
            [1000, 0, 100, 5],
            Times([700, 40, 3]),
            (values, into) =>
            {
                Predict([values[0], values[2], values[3]], into);
                for (int i = 0; i < into.Length; i++)
                {
                    into[i] += values[1] == 0 ? 0 : 5000;
                }
            });
        Assert.Equal(0, found[1]);
        Assert.Equal(ConstantFit.Run(Definitions, [1000, 100, 5], Times([700, 40, 3]), Predict), [found[0], found[2], found[3]]);
    }

    [Fact]
    public void What_is_fitted_stays_within_its_bounds()
    {
        ImmutableArray<double> found = ConstantFit.Run(Definitions, [1000, 100, 5], Times([1, 5000, 500]), Predict);
        Assert.All(found.Zip(Definitions), pair => Assert.InRange(pair.First, pair.Second.Minimum, pair.Second.Maximum));
    }

    private static double[] Times(ImmutableArray<double> values)
    {
        double[] times = new double[Points.Length];
        Predict(values, times);
        return times;
    }

    private static void Predict(ImmutableArray<double> values, double[] into)
    {
        for (int i = 0; i < into.Length; i++)
        {
            into[i] = values[0] + Math.Max(Points[i].Bytes / values[1], Points[i].Work / values[2]);
        }
    }
}
