using CsCheck;
using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Measurements;
using Xunit;

namespace PimSim.Experiments.Tests.Validation;

public class ErrorTests
{
    [Fact]
    public void Statistics_of_hand_made_rows()
    {
        // Errors -50, +10, +20, -10 and +100 %.
        ErrorStatistics errors = ErrorStatistics.Of([0.5, 1.1, 1.2, 0.9, 2])!;
        Assert.Equal(5, errors.Count);
        Assert.Equal(0.38, errors.MeanAbsolute, 12);
        Assert.Equal(0.14, errors.Bias, 12);
        Assert.Equal(0.2, errors.Median, 12);
        Assert.Equal(1, errors.Percentile90, 12);
        Assert.Equal(1, errors.Largest, 12);
        Assert.Null(ErrorStatistics.Of([]));
    }

    [Fact]
    public void A_percentile_is_the_least_error_that_enough_rows_stay_within() =>
        Gen.Double[0.01, 5].Array[1, 60].Sample(ratios =>
        {
            ErrorStatistics errors = ErrorStatistics.Of(ratios)!;
            foreach ((double value, double share) in ((double, double)[])[(errors.Median, 0.5), (errors.Percentile90, 0.9)])
            {
                Assert.True(ratios.Count(ratio => Math.Abs(ratio - 1) <= value) >= share * ratios.Length);
                Assert.True(ratios.Count(ratio => Math.Abs(ratio - 1) < value) < share * ratios.Length);
            }
        });

    [Fact]
    public void Sizes_are_decades_that_hold_their_lower_end()
    {
        IReadOnlyList<SizeErrors> sizes = SizeErrors.Of([Row(999, 999), Row(1000, 1500), Row(9999, 9999), Row(1e7, 2e7)]);
        Assert.Equal([(100.0, 1, 0.0), (1000.0, 2, 0.25), (1e7, 1, 1.0)], sizes.Select(size => (size.FromNs, size.Errors.Count, size.Errors.MeanAbsolute)));
    }

    [Fact]
    public void Energy_is_power_times_time_and_short_kernels_are_apart()
    {
        // 300 W for 50 us are 15 mJ, predicted 30 mJ in 100 us, which is 300 W; 500 W for 1 ms are 0.5 J, predicted 0.4 J in 1 ms.
        EnergyErrors energy = EnergyErrors.Of([Row(50e3, 100e3, 300, 30e-3), Row(1e6, 1e6, 500, 0.4), Row(1e6, 3e6)])!;
        Assert.Equal(2, energy.Energy.Count);
        Assert.Equal((1 + 0.2) / 2, energy.Energy.MeanAbsolute, 9);
        Assert.Equal((0 + 0.2) / 2, energy.Power.MeanAbsolute, 9);
        Assert.Equal(1, energy.LongEnergy!.Count);
        Assert.Equal(-0.2, energy.LongEnergy.Bias, 9);
        Assert.Equal(-0.2, energy.LongPower!.Bias, 9);
        Assert.Null(EnergyErrors.Of([Row(1e6, 3e6)]));
    }

    [Fact]
    public void The_worst_rows_come_first_and_are_ten()
    {
        ComparedRow[] rows = [.. Enumerable.Range(1, 30).Select(index => Row(1000, 1000 + (index % 2 == 0 ? index : -index)))];
        ClassErrors errors = ClassErrors.Of(MeasurementClass.Linear, rows);
        Assert.Equal(Enumerable.Range(0, 10).Select(index => 30 - index), errors.Worst.Select(row => (int)Math.Round(Math.Abs(row.PredictedNs - 1000))));
    }

    [Fact]
    public void A_roofline_is_found_again() =>
        Gen.Select(Gen.Double[1000, 8000], Gen.Double[0.2, 0.95], Gen.Double[0.2, 0.95]).Sample(
            (offset, compute, memory) =>
            {
                RooflineFit truth = new(offset, compute, memory);
                RooflineTerms[] terms = [.. from c in Enumerable.Range(0, 12) from m in Enumerable.Range(0, 12) select new RooflineTerms(100 * Math.Pow(2, c), 100 * Math.Pow(2, m))];
                RooflineFit fit = RooflineFit.Of([.. terms.Select(term => Row(truth.Nanoseconds(term), 1) with { Terms = term })])!;
                Assert.Equal(1, fit.OffsetNs / offset, 2);
                Assert.Equal(1, fit.ComputeShare / compute, 2);
                Assert.Equal(1, fit.MemoryShare / memory, 2);
            },
            iter: 20);

    [Fact]
    public void No_roofline_of_a_grid_is_better_than_the_fitted_one() =>
        Gen.Select(Gen.Double[2, 6], Gen.Double[2, 6], Gen.Double[0.5, 2]).Array[RooflineFit.FewestRows, 40].Sample(
            rows =>
            {
                ComparedRow[] compared = [.. rows.Select(row =>
                {
                    RooflineTerms terms = new(Math.Pow(10, row.Item1), Math.Pow(10, row.Item2));
                    return Row(row.Item3 * (2000 + (1.5 * Math.Max(terms.ComputeNs, terms.MemoryNs))), 1) with { Terms = terms };
                })];
                double fitted = Error(RooflineFit.Of(compared)!, compared);
                foreach (double offset in (double[])[500, 1000, 2000, 3000, 5000])
                {
                    foreach (double compute in (double[])[0.3, 0.5, 0.7, 0.9, 1.2])
                    {
                        foreach (double memory in (double[])[0.3, 0.5, 0.7, 0.9, 1.2])
                        {
                            Assert.True(fitted <= Error(new RooflineFit(offset, compute, memory), compared) * 1.02);
                        }
                    }
                }
            },
            iter: 50);

    [Fact]
    public void Too_few_rows_have_no_roofline() =>
        Assert.Null(RooflineFit.Of([.. Enumerable.Repeat(Row(1, 1), RooflineFit.FewestRows - 1)]));

    internal static ComparedRow Row(double measured, double predicted, double? watts = null, double? joules = null) => new(
        new Measurement
        {
            Operators = [],
            Class = MeasurementClass.Linear,
            Nanoseconds = measured,
            Span = MeasuredSpan.Kernel,
            Name = "row",
            Group = "g",
            File = "made.csv",
            Line = 1,
            BoardWatts = watts,
        },
        predicted,
        joules,
        default);

    private static double Error(RooflineFit fit, ComparedRow[] rows) => rows.Average(row => Math.Abs((fit.Nanoseconds(row.Terms) / row.MeasuredNs) - 1));
}
