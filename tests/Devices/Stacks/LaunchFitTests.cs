using System.Globalization;
using MathNet.Numerics;
using PimSim.Devices.Gpu;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Stacks;

/// <summary>
/// The fit of the eager GPU stack: launch cost and host cost per step from IANUS (ASPLOS 2024) figure 8, A100, decode time
/// per token of GPT-2 M and XL. Run with
/// <c>dotnet tests/Devices/bin/Debug/net10.0/linux-x64/PimSim.Devices.Tests.dll -class "*LaunchFitTests" -showliveoutput</c>.
/// </summary>
public class LaunchFitTests(ITestOutputHelper output)
{
    // IANUS table 3: blocks, width, heads.
    private static readonly Dictionary<string, (int Layers, int Width, int Heads)> Shapes = new()
    {
        ["GPT-2 M"] = (24, 1024, 16),
        ["GPT-2 XL"] = (48, 1536, 24),
    };

    [Fact]
    public void Launch_cost_and_host_cost_of_the_eager_gpu_stack_are_the_least_squares_fit_to_their_printed_digits()
    {
        List<Point> points = DecodePoints();
        (double host, double launch) = Fit.Line(
            [.. points.Select(point => point.Kernels)],
            [.. points.Select(point => point.MeasuredMs - point.TailMs)]);
        GpuStack stack = GpuStack.Read(Replay.Open("stacks", "pytorch-eager-2023"));

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"launch cost {launch * 1e3:0.0000} us, host cost per step {host:0.0000} ms"));
        Assert.Equal(Math.Round(launch * 1e3, 2), stack.LaunchCost.Value * 1e-6, 9);
        Assert.Equal(Math.Round(host, 2), stack.HostCostPerStep.Value * 1e-9, 9);
    }

    [Fact]
    public void The_fitted_stack_repeats_every_decode_time_within_three_percent()
    {
        foreach (Point point in DecodePoints())
        {
            Report(point.Model, point.Input, point.MeasuredMs, point.SimulatedMs);
            Assert.InRange(point.SimulatedMs / point.MeasuredMs, 0.97, 1.03);
        }
    }

    /// <summary>IANUS figure 8 as printed: models that the fit has not seen, (input, 512) and (input, 1) in ms.</summary>
    [Theory]
    [InlineData("GPT-2 L", 36, 1280, 20, 128, 10274, 22)]
    [InlineData("GPT-2 L", 36, 1280, 20, 256, 10291, 23)]
    [InlineData("GPT-2 L", 36, 1280, 20, 512, 10401, 23)]
    [InlineData("GPT-2 2.5B", 54, 1920, 20, 128, 15411, 32)]
    [InlineData("GPT-2 2.5B", 54, 1920, 20, 256, 15436, 33)]
    [InlineData("GPT-2 2.5B", 54, 1920, 20, 512, 15480, 39)]
    public void Decode_of_models_that_the_fit_has_not_seen_is_predicted_within_five_percent(string model, int layers, int width, int heads, int input, int withAll, int withOne)
    {
        double measured = (withAll - withOne) / 511.0;
        double simulated = Milliseconds(Gpt2Steps.Decode(layers, width, heads, input + 256), out _, out _);
        Report(model, input, measured, simulated);
        Assert.InRange(simulated / measured, 0.95, 1.05);
    }

    [Fact]
    public void Prefill_which_the_fit_has_not_seen_is_predicted_within_twenty_percent()
    {
        foreach (Row row in Rows().Where(row => row.Output == 1))
        {
            (int layers, int width, int heads) = Shapes[row.Model];
            double simulated = Milliseconds(Gpt2Steps.Prefill(layers, width, heads, row.Input), out _, out _);
            Report($"{row.Model} prefill", row.Input, row.Milliseconds, simulated);
            Assert.InRange(simulated / row.Milliseconds, 0.8, 1.2);
        }
    }

    private void Report(string what, int input, double measured, double simulated) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}, input {input}: measured {measured:0.000} ms, simulated {simulated:0.000} ms, {(simulated / measured) - 1:+0.0%;-0.0%}"));

    private static List<Point> DecodePoints()
    {
        List<Row> rows = Rows();
        List<Point> points = [];
        foreach (Row longer in rows.Where(row => row.Output == 512))
        {
            Row first = rows.Single(row => row.Model == longer.Model && row.Input == longer.Input && row.Output == 1);
            (int layers, int width, int heads) = Shapes[longer.Model];
            double simulated = Milliseconds(Gpt2Steps.Decode(layers, width, heads, longer.Input + 256), out double kernels, out double tail);
            points.Add(new Point(longer.Model, longer.Input, kernels, (longer.Milliseconds - first.Milliseconds) / 511.0, tail, simulated));
        }

        Assert.Equal(6, points.Count);
        return points;
    }

    /// <summary>Simulates a step; the tail is what the GPU still does when the last kernel is launched.</summary>
    private static double Milliseconds(Step step, out double kernels, out double tail)
    {
        GpuStack stack = GpuStack.Read(Replay.Open("stacks", "pytorch-eager-2023"));
        GpuDevice device = Replay.Gpu("a100-80", stack.Name);
        Picoseconds over = Replay.Run(device, step, Picoseconds.Zero);
        kernels = device.Counters["kernels"];
        tail = (over - stack.HostCostPerStep - (stack.LaunchCost * (long)kernels)).Value * 1e-9;
        return over.Value * 1e-9;
    }

    private static List<Row> Rows()
    {
        string golden = SharedData.Require("golden/pim/ianus_fig8_fig9_latency_ms.csv");
        return
        [
            .. from line in File.ReadLines(golden)
               let cells = line.Split(',')
               where cells[0] == "8"
               select new Row(cells[1], Number(cells[2]), Number(cells[3]), Number(cells[5])),
        ];
    }

    private static int Number(string cell) => int.Parse(cell, CultureInfo.InvariantCulture);

    private sealed record Row(string Model, int Input, int Output, int Milliseconds);

    private sealed record Point(string Model, int Input, double Kernels, double MeasuredMs, double TailMs, double SimulatedMs);
}
