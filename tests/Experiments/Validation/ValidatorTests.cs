using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using Xunit;

namespace PimSim.Experiments.Tests.Validation;

public class ValidatorTests
{
    private static readonly string[] Runs =
    [
        "model,hardware,prompt_size,batch_size,token_size,peak_power,average_power,prompt_time,token_time,e2e_time,tensor_parallel",
        "llama2-70b,a100-80gb,512,1,128,1.0,0.7,196.2,54.8,7168.9,4",
        "llama2-70b,h100-80gb,512,1,128,1.0,0.7,196.2,54.8,7168.9,4",
    ];

    [Fact]
    public void Times_that_are_the_models_own_have_no_error()
    {
        using GemmTable table = new();
        ValidationResult result = Run(GemmTable.Request(table.Write(1)));
        Assert.Equal(GemmTable.Count, result.All.Errors.Count);
        Assert.Equal(0, result.All.Errors.Largest, 12);
        Assert.Equal(MeasurementClass.Linear, Assert.Single(result.Classes).Class);
        Assert.Empty(result.Skipped);
    }

    [Fact]
    public void Times_longer_by_a_tenth_are_predicted_too_short_by_an_eleventh()
    {
        using GemmTable table = new();
        ErrorStatistics errors = Run(GemmTable.Request(table.Write(1.1m))).All.Errors;
        Assert.Equal(-1 / 11.0, errors.Bias, 6);
        Assert.Equal(1 / 11.0, errors.MeanAbsolute, 6);
        Assert.Equal(1 / 11.0, errors.Median, 6);
        Assert.Equal(1 / 11.0, errors.Percentile90, 6);
    }

    [Fact]
    public void A_row_keeps_its_own_types_whatever_the_stack_stores()
    {
        using GemmTable table = new();
        string path = table.WriteLines("gemm_perf.csv", "gemm_dtype,m,n,k,latency", "bfloat16,64,4096,4096,0.05", "float16,64,4096,4096,0.05");
        ValidationResult result = Run(GemmTable.Request(path));
        Assert.Equal([Traces.Format.Operators.DataType.Bf16, Traces.Format.Operators.DataType.Fp16], result.Rows.Select(row => row.Measurement.Operators[0].ActivationType));
    }

    [Fact]
    public void Rows_that_are_not_compared_are_counted_by_reason()
    {
        using GemmTable table = new();
        ValidationResult result = Run(GemmTable.Request(table.Write(1, "bfloat16,5,512,512,0", "fp8,5,512,512,0.1", "fp8,9,512,512,0.1")));
        Assert.Equal(GemmTable.Count, result.Rows.Length);
        Assert.Collection(
            result.Skipped,
            one => Assert.Equal((SkipCause.Caution, 1), (one.Cause, one.Count)),
            one =>
            {
                Assert.Equal((SkipCause.NotPredicted, 2), (one.Cause, one.Count));
                Assert.Contains("fp8", one.Reason, StringComparison.Ordinal);
            });
    }

    [Fact]
    public void Classes_that_are_not_asked_for_are_counted_too()
    {
        using GemmTable table = new();
        ValidationRequest request = GemmTable.Request(table.Write(1)) with { Classes = [MeasurementClass.DecodeAttention] };
        string message = Assert.Throws<PimSimUserException>(() => Run(request)).Message;
        Assert.Contains($"none of {GemmTable.Count} rows can be compared", message, StringComparison.Ordinal);
        Assert.Contains($"{GemmTable.Count}: of class linear", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Threads_change_nothing()
    {
        using GemmTable table = new();
        ValidationRequest request = GemmTable.Request(table.Write(1.3m, "fp8,5,512,512,0.1"));
        ValidationResult one = Run(request with { Threads = 1 });
        ValidationResult many = Run(request with { Threads = 7 });
        Assert.Equal(one.Rows.Select(row => (row.Measurement.Line, row.PredictedNs)), many.Rows.Select(row => (row.Measurement.Line, row.PredictedNs)));
        Assert.Equal(one.All.Errors, many.All.Errors);
        Assert.Equal(one.Classes[0].Baseline, many.Classes[0].Baseline);
        Assert.Equal(one.Skipped, many.Skipped);
    }

    [Fact]
    public void A_folder_named_for_another_device_is_warned_of_and_a_file_given_twice_counts_once()
    {
        using GemmTable table = new();
        string path = table.Write(1);
        string other = table.WriteLines("h100_sxm/gemm_perf.csv", File.ReadLines(path));
        ValidationResult result = Run(GemmTable.Request(path, other, path));
        Assert.Equal(2 * GemmTable.Count, result.Rows.Length);
        Assert.Contains("h100", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_of_whole_models_are_compared_alone_and_beside_rows_of_operators()
    {
        using GemmTable table = new();
        string runs = table.WriteLines("perf_model.csv", Runs);
        ValidationResult alone = Run(new ValidationRequest([runs], GemmTable.Device, "vllm-2023"));
        Assert.Equal([MeasurementClass.PromptStep, MeasurementClass.TokenStep, MeasurementClass.WholeRun], alone.Rows.Select(row => row.Measurement.Class));
        Assert.Equal("measured on 'h100-80gb' (h100-sxm)", Assert.Single(alone.Skipped).Reason);
        Assert.Empty(alone.Warnings);

        // A stack that names no software of collectives runs on one GPU.
        ValidationResult both = Run(GemmTable.Request(runs, table.Write(1)));
        Assert.Equal(GemmTable.Count, both.Rows.Length);
        Assert.Contains(both.Skipped, one => one.Cause == SkipCause.NotPredicted && one.Reason.Contains("names no 'collectives'", StringComparison.Ordinal));
        Assert.Contains("none of 2 rows can be compared", Assert.Throws<PimSimUserException>(() => Run(GemmTable.Request(runs))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_and_collectives_that_are_asked_for_count_for_runs_too()
    {
        using GemmTable table = new();
        ValidationRequest request = new([table.WriteLines("perf_model.csv", Runs)], GemmTable.Device, "vllm-2023");
        ValidationResult plain = Run(request);
        Assert.Equal(("nvlink3", "nccl-2.27"), (plain.Link, plain.Collectives));
        Assert.True(Run(request with { Link = "pcie4-x16" }).Rows[0].PredictedNs > plain.Rows[0].PredictedNs);
        Assert.NotEqual(plain.Rows[1].PredictedNs, Run(request with { Collectives = "vllm-custom-allreduce-eager" }).Rows[1].PredictedNs);
        Assert.Equal(3, Run(request with { Stack = GemmTable.Stack, Collectives = "nccl-2.27" }).Rows.Length);
    }

    [Theory]
    [InlineData("a100", GemmTable.Stack, "a100-40, a100-80")]
    [InlineData("h2000", GemmTable.Stack, "did you mean 'h200'?")]
    [InlineData("xeon-8380", GemmTable.Stack, "is a CPU")]
    [InlineData(GemmTable.Device, "sarathi", "unknown stack 'sarathi'")]
    [InlineData(GemmTable.Device, "pytorch-cpu-2023", "class: gpu")]
    public void A_wrong_device_or_stack_is_answered_with_the_right_ones(string device, string stack, string expected)
    {
        using GemmTable table = new();
        string path = table.Write(1);
        Assert.Contains(expected, Assert.Throws<PimSimUserException>(() => Run(new ValidationRequest([path], device, stack))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sarathi-2024", "a100-80")]
    [InlineData("vllm-0.14", "h100-sxm")]
    [InlineData("vllm-0.22", "h200")]
    public void Shipped_stacks_of_kernels_open(string stack, string device)
    {
        ValidationSetup setup = ValidationSetup.Open(new Devices.Systems.HardwareCatalogue(null), new ValidationRequest([], device, stack));
        Assert.True(setup.Create().StaticWatts > 0);
    }

    [Fact]
    public void A_broken_line_names_file_and_line()
    {
        using GemmTable table = new();
        string path = table.Write(1, "bfloat16,5,512,many,0.1");
        Assert.Contains($"{path}:{GemmTable.Count + 2}", Assert.Throws<PimSimUserException>(() => Run(GemmTable.Request(path))).Message, StringComparison.Ordinal);
    }

    /// <summary>A loose bound that holds with and without a fit; docs/validation.md has the figure.</summary>
    [Fact]
    public void Linear_layers_of_an_A100_are_predicted_within_twelve_per_cent()
    {
        string folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(SharedData.Require("realgpu/vidur/data/profiling/compute/a100/Qwen/Qwen-72B/mlp.csv"))!, "..", ".."));
        ValidationResult result = Run(GemmTable.Request(folder) with { Classes = [MeasurementClass.Linear] });
        Assert.InRange(result.All.Errors.MeanAbsolute, 0.001, 0.12);
        Assert.True(result.All.Errors.Count > 10_000);
        Assert.True(result.All.Errors.MeanAbsolute < result.All.BaselineErrors!.MeanAbsolute, "a roofline fitted to these rows is nearer");
    }

    private static ValidationResult Run(ValidationRequest request) => Validator.Run(request, TestContext.Current.CancellationToken);
}
