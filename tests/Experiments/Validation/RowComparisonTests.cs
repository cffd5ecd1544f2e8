using CsCheck;
using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Experiments.Tests.Validation;

public class RowComparisonTests
{
    private static readonly Operator Product = new() { Kind = OperatorKind.Gemm, Role = OperatorRole.Other, Phase = Phase.Prefill, Rows = 1, Inputs = 1, Outputs = 1 };

    [Theory]
    [InlineData(MeasuredSpan.Kernel, 300)]
    [InlineData(MeasuredSpan.Unstated, 300)]
    [InlineData(MeasuredSpan.Launch, 1300)]
    public void Launches_count_where_they_were_measured_and_operators_add_up(MeasuredSpan span, double expected)
    {
        (ComparedRow? row, _, _) = RowComparison.Of(Measured(span, null), [], new Plain());
        Assert.Equal(expected, row!.PredictedNs, 9);
        Assert.Null(row.PredictedJoules);
    }

    [Fact]
    public void Energy_is_static_power_over_the_time_and_the_dynamic_parts()
    {
        (ComparedRow? row, _, _) = RowComparison.Of(Measured(MeasuredSpan.Kernel, 100), [], new Plain());
        Assert.Equal((50 * 300e-9) + (3 * 2e-6), row!.PredictedJoules!.Value, 15);
    }

    [Fact]
    public void A_collective_between_nodes_is_not_taken_for_one_inside()
    {
        (ComparedRow? row, SkipCause cause, string reason) = RowComparison.Of(Measured(MeasuredSpan.Kernel, null) with { RanksPerNode = 1 }, [], new Plain());
        Assert.Null(row);
        Assert.Equal(SkipCause.NotPredicted, cause);
        Assert.Contains("between nodes", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Launches_overlap_with_kernels_as_when_they_are_issued_one_by_one()
    {
        using GemmTable table = new();
        IOperatorPredictor predictor = ValidationSetup.Open(new Devices.Systems.HardwareCatalogue(null), GemmTable.Request()).Create();
        double launch = predictor.WithLaunches(1, 0);
        Assert.True(launch > 0);
        Gen.Select(Gen.Int[1, 20], Gen.Double[0, 200_000]).Sample((kernels, nanoseconds) =>
        {
            double issued = 0;
            double end = 0;
            for (int kernel = 0; kernel < kernels; kernel++)
            {
                issued += launch;
                end = Math.Max(end, issued) + (nanoseconds / kernels);
            }

            Assert.Equal(end, predictor.WithLaunches(kernels, nanoseconds), 6);
        });
    }

    [Theory]
    [InlineData("/data/h100_sxm/gemm.csv", "a100-80", "h100")]
    [InlineData("/data/a100/x.csv", "a100-80", null)]
    [InlineData("/data/a1000/x.csv", "h200", null)]
    [InlineData("/work/h100/perf/RTX4090/tp1/x.csv", "h100-sxm", "rtx-4090")]
    [InlineData("/work/h100/perf/rtx-3090/tp1/x.csv", "rtx-3090", null)]
    [InlineData("matmul_A100.csv", "h200", "a100")]
    [InlineData("/data/mine.csv", "h200", null)]
    public void A_path_may_name_another_device(string path, string device, string? other) =>
        Assert.Equal(other, new DeviceNames(new Devices.Systems.HardwareCatalogue(null).Gpus.Names).OtherIn(path, device));

    private static Measurement Measured(MeasuredSpan span, double? watts) => ErrorTests.Row(1000, 1).Measurement with { Operators = [Product, Product, Product], Span = span, BoardWatts = watts };

    /// <summary>100 ns, one kernel and 2 uJ for each operator; 1 us for all launches.</summary>
    private sealed class Plain : IOperatorPredictor
    {
        public double? StaticWatts => 50;

        public OperatorPrediction Predict(in Operator op, bool sustained) => new(100, 1, 2e-6);

        public double WithLaunches(int kernels, double nanoseconds) => kernels == 3 ? nanoseconds + 1000 : double.NaN;

        public RooflineTerms Roofline(in Operator op) => default;
    }
}
