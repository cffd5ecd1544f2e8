using System.Collections.Immutable;
using System.Text.Json;
using PimSim.Devices.Pim;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;
using PimSim.Experiments.Running;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Engines;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Experiments.Tests;

public sealed class TraceReplayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-replay-").FullName;

    [Theory]
    [InlineData(".parquet")]
    [InlineData(".jsonl.gz")]
    public void A_recorded_shape_trace_gives_exactly_what_the_direct_run_gives(string extension)
    {
        using (IEngineModel model = EngineModels.Open("gpt2-small", "shape", ExperimentReader.Zoo(null)))
        {
            new TraceRecording(TechniqueCatalogue.Shipped.Get("autoregressive"), 3, null, 4, 1, 0).Write(model, In($"t{extension}"), "test", _ => { }, TestContext.Current.CancellationToken);
        }

        const string Systems = "systems: [pim-gpt, t4, a100, xeon-6154]\n";
        ExperimentResult direct = Run($"title: t\nmodels: [gpt2-small]\npromptTokens: 3\ngeneratedTokens: 4\n{Systems}");
        ExperimentResult replayed = Run($"title: t\ntrace: t{extension}\n{Systems}");
        Assert.Equal(4, direct.Points.Count);
        Assert.Equal(direct.Points.Select(Text), replayed.Points.Select(Text));
        Assert.Equal(direct.Models, replayed.Models);
        Assert.Null(direct.Trace);
        Assert.Equal(new TraceOrigin($"t{extension}", TraceFile.Open(In($"t{extension}")).Hash(), "test", "", 4, replayed.Trace!.Operators, 0), replayed.Trace);
        Assert.NotEqual(direct.InputHash, replayed.InputHash);

        static string Text(PointResult point) => JsonSerializer.Serialize(point, JsonSerializerOptions.Default);
    }

    [Fact]
    public void Opaque_operators_take_their_measured_time_on_a_processor_and_say_so()
    {
        Write("o.jsonl", Opaque("flash_fwd", 1500), Opaque("memcpy", 250));
        PointResult point = Assert.Single(Run("title: t\ntrace: o.jsonl\nopaque: measured\nsystems: [t4]\n").Points);
        Assert.Equal(1_750_000, point.TimeOf("opaque"));
        Assert.Equal(0, point.TimeOf("memory") + point.TimeOf("compute") + point.TimeOf("launch"));
        Assert.Equal(point.ElapsedPicoseconds, point.TimeOf("opaque") + point.TimeOf("host"));
    }

    [Fact]
    public void Pim_refuses_what_it_cannot_lay_out()
    {
        Write("o.jsonl", Opaque("flash_fwd", 1500));
        Assert.Contains("does not say the model's matrices", Fault("title: t\ntrace: o.jsonl\nopaque: measured\nsystems: [pim-gpt]\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OperatorKind.Opaque, "it was measured and has no shape")]
    [InlineData(OperatorKind.Gemm, "the model's matrix is [768, 2304]")]
    [InlineData(OperatorKind.KvAppend, "the cache has room for 1 tokens x 1")]
    public void Pim_refuses_an_operator_that_has_no_place(OperatorKind kind, string message)
    {
        using IEngineModel model = EngineModels.Open("gpt2-small", "shape", ExperimentReader.Zoo(null));
        ModelFootprint footprint = model.Footprint(TechniqueCatalogue.Shipped.Get("autoregressive").Program, new GenerationRequest(1, 1, 1));
        Operator op = kind switch
        {
            OperatorKind.Opaque => Opaque("kernel", 1),
            OperatorKind.Gemm => new() { Kind = kind, Role = OperatorRole.QkvProjection, Phase = Phase.Decode, Rows = 1, Inputs = 768, Outputs = 768 },
            _ => new() { Kind = kind, Role = OperatorRole.KvAppend, Phase = Phase.Decode, Rows = 1, Sequences = 1, Heads = 12, KvHeads = 12, HeadDim = 64, Context = 2, KvType = DataType.Bf16 },
        };
        Write("w.jsonl", footprint, op);
        Assert.Contains(message, Fault("title: t\ntrace: w.jsonl\nopaque: measured\nsystems: [pim-gpt]\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models: [gpt2-small]", ":4:9: models: does not go with 'trace'")]
    [InlineData("generatedTokens: 3", ":4:18: generatedTokens: does not go with 'trace'")]
    [InlineData("promptTokens: 3", "promptTokens: does not go with 'trace'")]
    [InlineData("sequences: 3", "sequences: does not go with 'trace'")]
    [InlineData("technique: autoregressive", "technique: does not go with 'trace'")]
    public void What_the_trace_says_cannot_be_said_again(string line, string message)
    {
        Write("o.jsonl", Opaque("k", 1));
        Assert.Contains(message, Fault($"title: t\ntrace: o.jsonl\nopaque: measured\n{line}\nsystems: [t4]\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_that_is_none_is_named_with_the_line_of_the_experiment()
    {
        string fault = Fault("title: t\ntrace: none.parquet\nsystems: [t4]\n");
        Assert.Contains(":2:8: ", fault, StringComparison.Ordinal);
        Assert.Contains("none.parquet: cannot be read", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_without_operators_is_refused()
    {
        TraceFile.Write(In("e.jsonl"), Header(Footprint), [], TestContext.Current.CancellationToken);
        Assert.Contains("0 steps with no operator", Fault("title: t\ntrace: e.jsonl\nsystems: [t4]\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_number_of_tokens_is_refused()
    {
        Write("o.jsonl", Opaque("k", 1));
        File.WriteAllText(In("x.yaml"), "title: t\ntrace: o.jsonl\nopaque: measured\nsystems: [t4]\n");
        Assert.Contains("as many tokens as it has", Assert.Throws<PimSimUserException>(() => ExperimentReader.Read(In("x.yaml"), new ExperimentSelection([], [], 3))).Message, StringComparison.Ordinal);
        Assert.Contains("no model 'other'", Assert.Throws<PimSimUserException>(() => ExperimentReader.Read(In("x.yaml"), new ExperimentSelection(["other"], [], null))).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ModelFootprint Footprint { get; } = new("imported", [], 0, 0, 0, 0, 0, 0, DataType.Fp16, DataType.Fp16);

    private static Operator Opaque(string label, long nanoseconds) => new() { Kind = OperatorKind.Opaque, Role = OperatorRole.Other, Phase = Phase.Decode, Rows = 0, Label = label, OpaqueNanoseconds = nanoseconds };

    private static TraceHeader Header(ModelFootprint footprint) => new()
    {
        Footprint = footprint,
        Program = "test",
        Technique = "unknown",
        Backend = "kineto",
        Machine = "A100",
        PromptTokens = 0,
        GeneratedTokens = 0,
        Seed = 0,
    };

    private void Write(string name, params Operator[] operators) => Write(name, Footprint, operators);

    private void Write(string name, ModelFootprint footprint, params Operator[] operators) =>
        TraceFile.Write(In(name), Header(footprint), [new Step(0, Phase.Decode, [new StepBlock(operators.ToImmutableArray(), 1)], 1)], TestContext.Current.CancellationToken);

    private string Fault(string text) => Assert.Throws<PimSimUserException>(() => Run(text)).Message;

    private ExperimentResult Run(string text)
    {
        File.WriteAllText(In("experiment.yaml"), text);
        Experiment experiment = ExperimentReader.Read(In("experiment.yaml"), ExperimentSelection.All);
        ExperimentRunner.Check(experiment);
        return ExperimentRunner.Run(experiment, new RunSettings(new PimSimulation(Accelerate: true), 1), TestContext.Current.CancellationToken);
    }

    private string In(string name) => Path.Combine(_folder, name);
}
