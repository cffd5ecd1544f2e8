using System.Collections.Immutable;
using PimSim.Devices.Pim;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;
using PimSim.Experiments.Running;

using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Experiments.Tests;

/// <summary>Traces of other tools, which do not say tokens and hold operators without a shape.</summary>
public sealed class ImportedTraceReplayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-imported-").FullName;

    [Fact]
    public void Without_tokens_time_and_energy_are_those_of_the_same_operators_with_tokens_and_nothing_is_said_per_token()
    {
        Step[] steps = [Step(0, 0, Gemm(64), Opaque("k", 1500)), Step(1, 0, Gemm(7))];
        Write("none.jsonl", steps);
        Write("some.jsonl", [.. steps.Select(step => step with { CommittedTokens = 2 })]);
        ExperimentResult none = Run("none.jsonl", "opaque: measured\n", "t4, a100");
        ExperimentResult some = Run("some.jsonl", "opaque: measured\n", "t4, a100");
        foreach ((PointResult without, PointResult with) in none.Points.Zip(some.Points))
        {
            Assert.Equal((0, 4), (without.Tokens, with.Tokens));
            Assert.Equal((with.ElapsedPicoseconds, with.Joules, with.AverageWatts, with.Flops), (without.ElapsedPicoseconds, without.Joules, without.AverageWatts, without.Flops));
            Assert.Equal(with.TimePicoseconds, without.TimePicoseconds);
            Assert.Equal((null, null, null, null, null), (without.TokensPerSecond, without.MillisecondsPerToken, without.JoulesPerToken, without.DollarsPerMillionTokens, without.FirstTokenPicoseconds));
            Assert.True(with.TokensPerSecond > 0 && with.DollarsPerMillionTokens > 0 && with.FirstTokenPicoseconds < with.ElapsedPicoseconds);
            Assert.Equal(some.SpeedUpOfReferenceOver(with)!.Value, none.SpeedUpOfReferenceOver(without)!.Value, 12);
            Assert.Equal(some.EnergyRatioToReference(with)!.Value, none.EnergyRatioToReference(without)!.Value, 12);
            Assert.Equal(1_500_000.0 / without.ElapsedPicoseconds, without.MeasuredShare, 12);
        }

        Assert.Equal((2, 3L, 1L), (none.Trace!.Steps, none.Trace.Operators, none.Trace.OpaqueOperators));
        Assert.Contains("3 operator(s) in 2 step(s), no tokens recorded, 1 of 3 operators as measured", none.Workload, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_token_is_that_of_the_first_step_that_commits_one()
    {
        Write("e.jsonl", Step(0, 0, Gemm(64)), Step(1, 1, Gemm(1)));
        Write("l.jsonl", Step(0, 1, Gemm(64)), Step(1, 1, Gemm(1)));
        PointResult encoded = Assert.Single(Run("e.jsonl", "", "t4").Points);
        PointResult decoded = Assert.Single(Run("l.jsonl", "", "t4").Points);
        Assert.Equal(encoded.ElapsedPicoseconds, encoded.FirstTokenPicoseconds);
        Assert.True(decoded.FirstTokenPicoseconds < encoded.FirstTokenPicoseconds);
    }

    [Fact]
    public void Operators_without_a_shape_are_refused_with_their_number_and_names_unless_the_experiment_keeps_them()
    {
        Write("o.jsonl", Step(0, 0, Opaque("nccl\u001b[31m", 5), Opaque("nccl\u001b[31m", 6), Opaque("copy", 7), Opaque("a", 1), Opaque("b", 1), Gemm(2)));
        string fault = Fault("o.jsonl", "", "t4");
        Assert.Contains(":2:8: ", fault, StringComparison.Ordinal);
        Assert.Contains("5 of its 6 operators", fault, StringComparison.Ordinal);
        Assert.Contains("2 x 'nccl?[31m', 1 x 'a', 1 x 'b' and 1 others; 'opaque: measured' in the experiment keeps", fault, StringComparison.Ordinal);
        Assert.Equal(20_000, Assert.Single(Run("o.jsonl", "opaque: measured\n", "t4").Points).TimeOf(PointResult.MeasuredComponent));
    }

    [Fact]
    public void The_word_and_its_place_are_checked()
    {
        Write("o.jsonl", Step(0, 0, Gemm(2)));
        Assert.Contains(":3:9: opaque: 'measure' is not known; did you mean 'measured'", Fault("o.jsonl", "opaque: measure\n", "t4"), StringComparison.Ordinal);
        File.WriteAllText(In("x.yaml"), "title: t\nmodels: [gpt2-small]\ngeneratedTokens: 1\nopaque: measured\nsystems: [t4]\n");
        string fault = Assert.Throws<PimSimUserException>(() => ExperimentReader.Read(In("x.yaml"), ExperimentSelection.All)).Message;
        Assert.Contains(":4:9: opaque: goes with 'trace' only", fault, StringComparison.Ordinal);
    }

    /// <summary>Every operator of a real profile is replayed: the measured time is the importer's sum over opaque operators, to the nanosecond.</summary>
    [Theory]
    [InlineData("realgpu/kineto-hta/amd_trace/mi250_minitoy_train_ROCm6_2_kineto.json.gz")]
    [InlineData("realgpu/kineto-hta/timeline_analysis/sampled_rank-0.json.gz")]
    [InlineData("realgpu/kineto-hta/nccl_parser_config/nccl_data.json.gz")]
    [InlineData("realgpu/nsight-llm-perf-opt/dsocr_decode_summary_cuda_gpu_kern_sum.csv")]
    [InlineData("realgpu/nsight-llm-perf-opt/dsocr_prefill_summary_cuda_gpu_kern_sum.csv")]
    [InlineData("realgpu/vidur/data/profiling/compute/a100/meta-llama/Llama-2-7b-hf/mlp.csv")]
    public void Real_profiles_run(string relative)
    {
        var source = (IStepSource)TraceImport.Open(SharedData.Require(relative));
        TraceFile.Write(In("real.parquet"), Header(source.Footprint), source.Steps(), TestContext.Current.CancellationToken);
        long opaque = 0;
        long measured = 0;
        foreach (Operator op in source.Steps().SelectMany(step => step.Blocks).SelectMany(block => block.Operators.SelectMany(op => Enumerable.Repeat(op, block.Repeat))))
        {
            opaque += op.Kind == OperatorKind.Opaque ? 1 : 0;
            measured += op.OpaqueNanoseconds;
        }

        ExperimentResult result = Run("real.parquet", opaque > 0 ? "opaque: measured\n" : "", "a100, xeon-6154");
        Assert.Equal(opaque, result.Trace!.OpaqueOperators);
        Assert.All(result.Points, point =>
        {
            Assert.Equal(measured * 1000, point.TimeOf(PointResult.MeasuredComponent));
            Assert.Equal(point.ElapsedPicoseconds, point.TimePicoseconds.Values.Sum(row => row.Values.Sum()));
            Assert.InRange(point.MeasuredShare, opaque > 0 ? double.Epsilon : 0, 1);
            Assert.Null(point.TokensPerSecond);
            Assert.True(point.Joules > 0);
        });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Operator Gemm(int rows) => new() { Kind = OperatorKind.Gemm, Role = OperatorRole.Other, Phase = Phase.Prefill, Rows = rows, Inputs = 4096, Outputs = 4096 };

    private static Operator Opaque(string label, long nanoseconds) => new() { Kind = OperatorKind.Opaque, Role = OperatorRole.Other, Phase = Phase.Prefill, Rows = 0, Label = label, OpaqueNanoseconds = nanoseconds };

    private static Step Step(int index, int tokens, params Operator[] operators) => new(index, Phase.Prefill, [new StepBlock(operators.ToImmutableArray(), 1)], tokens);

    private static TraceHeader Header(ModelFootprint footprint) => new()
    {
        Footprint = footprint,
        Program = "test",
        Technique = "imported",
        Backend = "kineto",
        Machine = "",
        PromptTokens = 0,
        GeneratedTokens = 0,
        Seed = 0,
    };

    private void Write(string name, params Step[] steps) => TraceFile.Write(
        In(name), Header(new("imported", [], 0, 0, 0, 0, 0, 0, DataType.Fp16, DataType.Fp16)), steps, TestContext.Current.CancellationToken);

    private string Fault(string trace, string more, string systems) => Assert.Throws<PimSimUserException>(() => Run(trace, more, systems)).Message;

    private ExperimentResult Run(string trace, string more, string systems)
    {
        File.WriteAllText(In("experiment.yaml"), $"title: t\ntrace: {trace}\n{more}systems: [{systems}]\n");
        Experiment experiment = ExperimentReader.Read(In("experiment.yaml"), ExperimentSelection.All);
        ExperimentRunner.Check(experiment);
        return ExperimentRunner.Run(experiment, new RunSettings(new PimSimulation(Accelerate: true), 2), TestContext.Current.CancellationToken);
    }

    private string In(string name) => Path.Combine(_folder, name);
}
