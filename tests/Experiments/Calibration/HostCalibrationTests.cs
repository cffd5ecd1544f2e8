using System.Collections.Immutable;
using System.Globalization;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Experiments.Calibration;
using PimSim.Experiments.Validation;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using Xunit;

namespace PimSim.Experiments.Tests.Calibration;

/// <summary>Host costs that runs were made with come back from them.</summary>
public class HostCalibrationTests(ITestOutputHelper output)
{
    private const string Reference = "h100-sxm";
    private const string Scaled = "a100-80";

    // Nanoseconds, in the order of the family: a kernel, a step, a token, a step with prompts.
    private static readonly ImmutableArray<double> Known = [11_000, 2_500_000, 90_000, 7_000_000];

    [Fact]
    public void Costs_beside_a_reference_GPU_come_back_with_models_left_out_in_turn()
    {
        using SyntheticRuns runs = new();
        string path = runs.Write(Reference, With(runs.Stack(Reference), Known), ["llama-3.2-1b", "llama-2-7b", "llama-3-8b"], [1, 4]);
        FamilyFit fit = SyntheticRuns.Fit(path, Reference);
        Show(fit);
        Assert.Equal((3 * 2 * 6 * 3, 3, 3), (fit.Rows, fit.Groups, fit.Folds));
        Assert.Equal(["cost_per_kernel", "host_cost_per_step", "host_cost_per_token", "host_cost_per_prompt_step"], fit.Family.Definitions.Select(one => one.Key));
        Assert.All(Known.Zip(fit.Values), pair => Assert.Equal(1, pair.Second / pair.First, 0.03));
        Assert.True(fit.Before.MeanAbsolute > 0.2, "the shipped costs are others");
        Assert.InRange(fit.LeftOut!.MeanAbsolute, 0, 0.02);
        Assert.Equal(fit.Rows, fit.LeftOut.Count);
    }

    [Fact]
    public void With_one_model_numbers_of_GPUs_are_left_out_in_turn()
    {
        using SyntheticRuns runs = new();
        FamilyFit fit = SyntheticRuns.Fit(runs.Write(Reference, With(runs.Stack(Reference), Known), ["llama-3.2-1b"], [1, 2, 4, 8]), Reference);
        Show(fit);
        Assert.Equal((4, 4), (fit.Groups, fit.Folds));
        Assert.InRange(fit.LeftOut!.MeanAbsolute, 0, 0.03);
        Assert.All(Known.Zip(fit.Values), pair => Assert.Equal(1, pair.Second / pair.First, 0.05));

        fit = SyntheticRuns.Fit(runs.Write(Reference, With(runs.Stack(Reference), Known), ["llama-3.2-1b"], [2]), Reference);
        Assert.Equal((1, 0), (fit.Groups, fit.Folds));
        Assert.Null(fit.LeftOut);
    }

    /// <summary>Each group has a host of its own, so what is fitted on the others must miss it.</summary>
    [Fact]
    public void Errors_left_out_are_those_on_what_the_fit_has_not_seen()
    {
        using SyntheticRuns runs = new();
        GpuStack stack = runs.Stack(Reference);
        string slow = runs.Write(Reference, With(stack, [.. Known.Select(cost => 4 * cost)]), ["llama-3.2-1b"], [1], "slow.csv");
        string fast = runs.Write(Reference, With(stack, Known), ["llama-3.2-1b"], [2], "fast.csv");
        FamilyFit fit = SyntheticRuns.Fit(new ValidationRequest([slow, fast], Reference, "vllm-2023"));
        Show(fit);
        Assert.Equal(2, fit.Folds);
        Assert.True(fit.LeftOut!.MeanAbsolute > 0.5, "half of the runs have hosts four times as fast, half four times as slow");
    }

    [Fact]
    public void Beside_another_GPU_the_scale_of_the_host_alone_comes_back()
    {
        using SyntheticRuns runs = new();
        GpuStack stack = runs.Stack(Scaled);
        string path = runs.Write(Scaled, stack with { HostScales = stack.HostScales.SetItem(GpuArchitecture.Ampere, 2.2) }, ["llama-3.2-1b"], [1, 2]);
        FamilyFit fit = SyntheticRuns.Fit(path, Scaled);
        Show(fit);
        Assert.Equal("ampere", Assert.Single(fit.Family.Definitions).Key);
        Assert.Equal(2.2, Assert.Single(fit.Values), 0.02);
        Assert.InRange(fit.LeftOut!.MeanAbsolute, 0, 0.01);
    }

    [Fact]
    public void Fitted_costs_and_scales_are_read_back_from_the_file_and_nothing_else_changes()
    {
        using SyntheticRuns runs = new();
        string file = new HardwareCatalogue(null).Stacks.Open("vllm-2023", new ProblemList()).Root.File;
        string text = File.ReadAllText(file);
        FamilyFit costs = SyntheticRuns.Fit(runs.Write(Reference, With(runs.Stack(Reference), Known), ["llama-3.2-1b"], [1, 4]), Reference);
        FamilyFit scale = SyntheticRuns.Fit(runs.Write(Scaled, runs.Stack(Scaled) with { HostScales = ImmutableDictionary<GpuArchitecture, double>.Empty.Add(GpuArchitecture.Ampere, 0.5) }, ["llama-3.2-1b"], [1]), Scaled);

        string edited = StackFileEditor.Replace(file, text, [costs, scale], "fit-test", "runs of a test");

        ProblemList problems = new();
        GpuStack read = GpuStack.Read(new CatalogueEntry(DataNode.Parse(file, edited, problems)), new HardwareCatalogue(null).Stacks);
        Assert.Empty(problems.Problems);
        double[] back = [.. new[] { read.LaunchCost, read.HostCostPerStep, read.HostCostPerToken, read.HostCostPerPromptStep }.Select(time => time.Value * 1e-3)];
        Assert.All(costs.Values.Zip(back), pair => Assert.Equal(1, pair.Second / pair.First, 1e-3));
        Assert.Equal(scale.Values[0], read.HostScale(GpuArchitecture.Ampere), 1e-3);
        Assert.Equal(1, read.HostScale(GpuArchitecture.Hopper));

        string[] before = text.Split('\n');
        string[] after = [.. edited.Split('\n').Where(line => !line.StartsWith("  fit-test:", StringComparison.Ordinal))];
        Assert.Equal(before.Length, after.Length);
        Assert.Equal(5, before.Zip(after).Count(pair => pair.First != pair.Second));
    }

    [Fact]
    public void A_constant_that_the_launch_section_lacks_is_not_put_elsewhere()
    {
        using SyntheticRuns runs = new();
        FamilyFit fit = SyntheticRuns.Fit(runs.Write(Reference, With(runs.Stack(Reference), Known), ["llama-3.2-1b"], [1]), Reference);
        const string Text = "sources:\n  s: x\nlaunch:\n  cost_per_kernel: {value: 1 us, source: s}\n  host_cost_per_step: {value: 1 us, source: s}\nother:\n  host_cost_per_token: 1\n";
        string message = Assert.Throws<PimSimUserException>(() => StackFileEditor.Replace("mine.yaml", Text, [fit], "fit", "x")).Message;
        Assert.Contains("mine.yaml: no line '  host_cost_per_token: ...'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_are_told_from_other_measurements_and_runs_of_other_GPUs_are_not_fitted_on()
    {
        using SyntheticRuns runs = new();
        string path = runs.Write(Reference, runs.Stack(Reference), ["llama-3.2-1b"], [1]);
        Assert.Equal(6, CalibrationData.Open(SyntheticRuns.Request(path, Reference)).Runs.Count);
        Assert.Contains("none of 6 runs can be fitted on: 'vllm-2023' on 'a100-80'", Assert.Throws<PimSimUserException>(() => SyntheticRuns.Fit(path, Scaled)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_runs_are_read_once()
    {
        using SyntheticRuns runs = new();
        string path = runs.Write(Reference, runs.Stack(Reference), ["llama-3.2-1b"], [1]);
        ValidationRequest request = SyntheticRuns.Request(path, Reference);
        var data = CalibrationData.Open(request);
        File.Delete(path);
        Assert.Equal(6 * 3, HostCalibration.Run(request, data, TestContext.Current.CancellationToken).Rows);
    }

    [Fact]
    public void Classes_that_are_not_asked_for_are_not_fitted_on()
    {
        using SyntheticRuns runs = new();
        string path = runs.Write(Reference, runs.Stack(Reference), ["llama-3.2-1b"], [1]);
        ValidationRequest request = SyntheticRuns.Request(path, Reference) with { Classes = [MeasurementClass.PromptStep] };
        Assert.Equal(6, SyntheticRuns.Fit(request).Rows);
    }

    private static GpuStack With(GpuStack stack, ImmutableArray<double> nanoseconds) => stack with
    {
        LaunchCost = Time(nanoseconds[0]),
        HostCostPerStep = Time(nanoseconds[1]),
        HostCostPerToken = Time(nanoseconds[2]),
        HostCostPerPromptStep = Time(nanoseconds[3]),
    };

    private static Picoseconds Time(double nanoseconds) => new((long)(nanoseconds * 1000));

    private void Show(FamilyFit fit) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{fit.Rows} rows, {fit.Groups} groups: {fit.Before.MeanAbsolute:P2} before, {fit.LeftOut?.MeanAbsolute:P2} left out; {string.Join(", ", fit.Values.Select(value => value.ToString("G5", CultureInfo.InvariantCulture)))}"));
}
