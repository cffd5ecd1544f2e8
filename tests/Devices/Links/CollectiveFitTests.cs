using System.Globalization;
using PimSim.Devices.Links;
using Xunit;

namespace PimSim.Devices.Tests.Links;

/// <summary>
/// The constants of the shipped stacks of collectives as fits to measurements with 2 and 8 GPUs, and their error on those with
/// 4, which the fit has not seen. Run with
/// <c>tests/Devices/bin/Release/net10.0/linux-x64/PimSim.Devices.Tests -class "*CollectiveFitTests" -showliveoutput</c>.
/// </summary>
public class CollectiveFitTests(ITestOutputHelper output)
{
    private const int LeftOut = 4;
    private const string Library = "nccl-2.27";
    private const string Graph = "vllm-custom-allreduce-graph";
    private const string Eager = "vllm-custom-allreduce-eager";

    private static readonly CollectiveMethod[] LibraryMethods =
    [
        CollectiveMethod.RingLL, CollectiveMethod.RingLL128, CollectiveMethod.RingSimple, CollectiveMethod.PeerLL, CollectiveMethod.PeerSimple, CollectiveMethod.InSwitch,
    ];

    [Theory]
    [InlineData("ampere")]
    [InlineData("hopper")]
    public void Constants_of_nccl_are_the_fit_and_predict_the_left_out_gpus_within_eight_percent(string architecture)
    {
        List<MeasuredCollective> rows = MeasuredCollective.Nccl(architecture);
        CollectiveStack shipped = CollectiveStack.Open(Library);
        CollectiveMethod[] methods = architecture == "ampere" ? LibraryMethods[..^1] : LibraryMethods;
        AssertShipped(shipped.On(architecture), CollectiveFit.Methods(shipped, architecture, methods, localCopy: true, Training(rows)));
        AssertLeftOut(rows, shipped, 0.08);
    }

    [Theory]
    [InlineData("ampere")]
    [InlineData("hopper")]
    public void Constants_of_the_kernels_of_vllm_are_the_fit_and_predict_the_left_out_gpus_within_ten_percent(string architecture)
    {
        List<MeasuredCollective> rows = MeasuredCollective.Custom(architecture, graph: true);
        CollectiveStack shipped = CollectiveStack.Open(Graph);
        List<MeasuredCollective> own = [.. Training(rows).Where(row => row.Bytes < shipped.Custom!.Largest)];
        AssertShipped(shipped.On(architecture), CollectiveFit.Methods(shipped, architecture, [CollectiveMethod.OneShot, CollectiveMethod.TwoShot], localCopy: false, own));
        AssertLeftOut(rows, shipped, 0.10);
    }

    [Theory]
    [InlineData("ampere")]
    [InlineData("hopper")]
    public void Host_time_of_eager_calls_is_the_fit_and_predicts_the_left_out_gpus_within_fifteen_percent(string architecture)
    {
        List<MeasuredCollective> rows = MeasuredCollective.Custom(architecture, graph: false);
        CollectiveStack shipped = CollectiveStack.Open(Eager);
        Assert.Equal(CollectiveStack.Open(Graph).On(architecture).Methods, shipped.On(architecture).Methods);
        AssertShipped(shipped.On(architecture), CollectiveFit.Host(shipped, architecture, Training(rows)));
        AssertLeftOut(rows, shipped, 0.15);
    }

    /// <summary>Vidur's machines with NVSwitch are the training; its pair of A100 cards and its two nodes are left out
    /// (<see cref="CollectiveCheckTests"/>).</summary>
    [Theory]
    [InlineData("ampere")]
    [InlineData("hopper")]
    public void Constants_of_one_message_are_the_fit(string architecture)
    {
        CollectiveStack shipped = CollectiveStack.Open(Library);
        AssertShipped(shipped.On(architecture), CollectiveFit.Methods(shipped, architecture, [CollectiveMethod.Message], localCopy: false, MeasuredCollective.Messages(architecture)));
    }

    private static List<MeasuredCollective> Training(IEnumerable<MeasuredCollective> rows) => [.. rows.Where(row => row.Ranks != LeftOut)];

    private void AssertShipped(GenerationCosts shipped, GenerationCosts fitted)
    {
        List<string> faults = [];
        void Same(string what, double expected, double actual, double rounding)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fit {shipped.Name} {what}: {expected:0.####}"));
            if (Math.Abs(expected - actual) > rounding + (0.02 * expected))
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: fitted {expected:0.####}, shipped {actual:0.####}"));
            }
        }

        foreach ((CollectiveMethod method, MethodCosts costs) in fitted.Methods)
        {
            string name = GenerationCosts.MethodNames.First(pair => pair.Value == method).Key;
            MethodCosts actual = shipped.Methods[method];
            Same($"{name} start ns", costs.Start.Value * 1e-3, actual.Start.Value * 1e-3, 30);
            Same($"{name} step ns", costs.Step.Value * 1e-3, actual.Step.Value * 1e-3, 30);
            Same($"{name} spread ns", costs.Spread.Value * 1e-3, actual.Spread.Value * 1e-3, 30);
            Same($"{name} share", costs.Share, actual.Share, 0.001);
        }

        if (double.IsFinite(fitted.LocalBytesPerSecond))
        {
            Same("local GB/s", fitted.LocalBytesPerSecond * 1e-9, shipped.LocalBytesPerSecond * 1e-9, 1);
        }

        if (double.IsFinite(fitted.CopyBytesPerSecond))
        {
            Same("copy GB/s", fitted.CopyBytesPerSecond * 1e-9, shipped.CopyBytesPerSecond * 1e-9, 1);
            Same("host ns", fitted.Host.Value * 1e-3, shipped.Host.Value * 1e-3, 30);
        }

        Assert.Empty(faults);
    }

    private void AssertLeftOut(List<MeasuredCollective> rows, CollectiveStack stack, double most)
    {
        foreach (CollectiveError error in CollectiveError.ByKind(rows, stack))
        {
            output.WriteLine($"| {stack.Name} | {rows[0].Architecture} | {error}{(error.Ranks == LeftOut ? " left out" : "")} |");
            if (error.Ranks == LeftOut)
            {
                Assert.InRange(error.Mean, 0, most);
            }
        }
    }
}
