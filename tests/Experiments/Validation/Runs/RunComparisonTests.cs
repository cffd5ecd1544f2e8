using System.Collections.Immutable;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Validation;
using PimSim.Experiments.Validation.Runs;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Experiments.Tests.Validation.Runs;

public class RunComparisonTests
{
    private static readonly EndToEndMeasurement Run = new()
    {
        Model = "meta-llama/Llama-3.2-1B-Instruct",
        Hardware = "A100",
        Device = "a100-80",
        Framework = "vLLM (2023)",
        Devices = 2,
        Parallelism = "tensor",
        Batch = 4,
        PromptTokens = 128,
        OutputTokens = 16,
        PromptSeconds = 0.1,
        SecondsPerOutputToken = 0.02,
        TotalSeconds = 0.4,
        File = "runs.csv",
        Line = 7,
    };

    public static TheoryData<string, EndToEndMeasurement> Others() => new()
    {
        { "measured on 'H100' (h100-sxm)", Run with { Hardware = "H100", Device = "h100-sxm" } },
        { "measured on 'Gaudi2'", Run with { Hardware = "Gaudi2", Device = null } },
        { "ran TensorRT-LLM; 'vllm-2023' is of vLLM", Run with { Framework = "TensorRT-LLM" } },
        { "shared out by 'pipeline', not by tensor parallelism", Run with { Parallelism = "pipeline" } },
        { "weights in int8; 'vllm-2023' has fp16", Run with { WeightType = DataType.Int8 } },
        { "keys and values in fp8; 'vllm-2023' has fp16", Run with { KvType = DataType.Fp8 } },
        { "'bloom-176b' is not in the model zoo", Run with { Model = "bloom-176b" } },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void A_run_of_something_else_is_skipped_with_the_reason(string reason, EndToEndMeasurement run)
    {
        (ComparedRow? compared, SkipCause cause, string why) = Assert.Single(RunComparison.Of(run, [], Predictor()));
        Assert.Null(compared);
        Assert.Equal((SkipCause.NotChosen, reason), (cause, why));
    }

    [Fact]
    public void The_same_width_of_numbers_and_one_GPU_of_any_parallelism_are_no_reason() =>
        Assert.All(RunComparison.Of(Run with { WeightType = DataType.Bf16, KvType = DataType.Fp16, Devices = 1, Parallelism = "pipeline" }, [], Predictor()), one => Assert.NotNull(one.Compared));

    [Fact]
    public void A_run_that_is_known_to_be_wrong_is_skipped_whole_and_a_total_alone()
    {
        Assert.Equal((null, SkipCause.Caution, "derived"), Assert.Single(RunComparison.Of(Run with { Caution = "derived" }, [], Predictor())));
        (ComparedRow? Compared, SkipCause Cause, string Reason)[] parts = [.. RunComparison.Of(Run with { TotalCaution = "ended early" }, [], Predictor())];
        Assert.Equal([MeasurementClass.PromptStep, MeasurementClass.TokenStep], parts[..2].Select(part => part.Compared!.Measurement.Class));
        Assert.Equal((null, SkipCause.Caution, "whole-run: ended early"), parts[2]);
    }

    [Theory]
    [InlineData(3, 16, "over 3 devices")]
    [InlineData(1, 4_000_000, "does not fit 'a100-80'")]
    public void A_run_that_cannot_be_predicted_says_why(int gpus, int output, string expected)
    {
        (ComparedRow? compared, SkipCause cause, string reason) = Assert.Single(RunComparison.Of(Run with { Devices = gpus, OutputTokens = output }, [], Predictor()));
        Assert.Null(compared);
        Assert.Equal(SkipCause.NotPredicted, cause);
        Assert.Contains(expected, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_measured_time_is_a_row_beside_its_part_of_the_prediction()
    {
        RunPredictor predictor = Predictor();
        BatchFigures figures = predictor.Predict(Run);
        ComparedRow[] rows = [.. RunComparison.Of(Run, [], predictor).Select(part => part.Compared!)];
        Assert.Equal([MeasurementClass.PromptStep, MeasurementClass.TokenStep, MeasurementClass.WholeRun], rows.Select(row => row.Measurement.Class));
        Assert.Equal([0.1e9, 0.02e9, 0.4e9], rows.Select(row => row.MeasuredNs));
        Assert.Equal(figures.Prompt.Seconds * 1e9, rows[0].PredictedNs, 3);
        Assert.Equal(figures.Token.Seconds * 1e9, rows[1].PredictedNs, 3);
        Assert.Equal((figures.Prompt.Seconds + (15 * figures.Token.Seconds)) * 1e9, rows[2].PredictedNs, 3);
        Assert.All(rows, row => Assert.Equal(("4 x (128 + 16), 2 GPUs", "runs.csv", 7L), (row.Measurement.Workload, row.Measurement.File, row.Measurement.Line)));
        Assert.All(rows, row => Assert.Null(row.PredictedJoules));
    }

    [Fact]
    public void Times_that_were_not_measured_and_steps_that_there_are_not_make_no_rows()
    {
        Assert.Equal(MeasurementClass.WholeRun, Assert.Single(Kinds(Run with { PromptSeconds = null, SecondsPerOutputToken = null })));
        Assert.Equal([MeasurementClass.PromptStep, MeasurementClass.WholeRun], Kinds(Run with { OutputTokens = 1 }));

        IEnumerable<MeasurementClass> Kinds(EndToEndMeasurement run) => RunComparison.Of(run, [], Predictor()).Select(part => part.Compared!.Measurement.Class);
    }

    [Fact]
    public void Classes_that_are_not_asked_for_are_counted()
    {
        ImmutableArray<(ComparedRow? Compared, SkipCause Cause, string Reason)> parts = [.. RunComparison.Of(Run, [MeasurementClass.TokenStep], Predictor())];
        Assert.Equal((null, SkipCause.NotChosen, "of class prompt-step"), parts[0]);
        Assert.NotNull(parts[1].Compared);
        Assert.Equal((null, SkipCause.NotChosen, "of class whole-run"), parts[2]);
    }

    /// <summary>Power was measured of one GPU, or of all as a share of their design power, which is the same of each.</summary>
    [Fact]
    public void Energy_is_of_one_GPU_over_the_whole_run()
    {
        RunPredictor predictor = Predictor();
        ComparedRow shared = RunComparison.Of(Run with { PowerShare = 0.5 }, [MeasurementClass.WholeRun], predictor).Single(part => part.Compared is not null).Compared!;
        ComparedRow measured = RunComparison.Of(Run with { Watts = 200 }, [MeasurementClass.WholeRun], predictor).Single(part => part.Compared is not null).Compared!;
        Assert.Equal(200, shared.Measurement.BoardWatts!.Value, 9);
        Assert.Equal(shared.PredictedJoules, measured.PredictedJoules);
        Assert.Equal(predictor.Predict(Run).Total.Joules / 2, measured.PredictedJoules!.Value, 9);
    }

    private static RunPredictor Predictor()
    {
        HardwareCatalogue catalogue = new(null);
        return new RunPredictor(catalogue, new ZooShapes(ExperimentReader.Zoo(null)), GpuParts.Open(catalogue, "a100-80", "vllm-2023"));
    }
}
