using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Engines;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Tests.Techniques;
using Xunit;

namespace PimSim.Workloads.Tests.Engines;

public sealed class TraceRecordingTests : IDisposable
{
    private static readonly ModelZoo Zoo = new([ModelZoo.ShippedFolder]);
    private static readonly TechniqueEntry Technique = TechniqueCatalogue.Shipped.Get("autoregressive");

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-record-").FullName;

    [Fact]
    public void A_recorded_shape_trace_is_the_generation()
    {
        using IEngineModel model = EngineModels.Open("qwen2.5-0.5b", "shape", Zoo);
        TraceFileSource trace = Record(model, new TraceRecording(Technique, 7, null, 5, 2, 42));
        GenerationSource direct = new(Zoo.Shape("qwen2.5-0.5b"), Technique.Program, new GenerationRequest(7, 5, 2));
        Assert.Equal(direct.Steps(), trace.Steps());
        Assert.Equal(direct.Footprint, trace.Footprint);
        Assert.Equal(("autoregressive", "shape", "", 7, 5, 42L), (trace.Header.Technique, trace.Header.Backend, trace.Header.Machine, trace.Header.PromptTokens, trace.Header.GeneratedTokens, trace.Header.Seed));
    }

    [Fact]
    public void Measured_times_and_the_machine_are_in_the_file()
    {
        using EngineModel<ShapeTensor> model = new("cpu", new ShapeBackend(Zoo.Shape("gpt2-small")), new StopwatchClock());
        TraceFileSource trace = Record(model, new TraceRecording(Technique, 2, null, 3, 1, 0));
        Assert.NotEqual("", trace.Header.Machine);
        Assert.All(trace.Steps(), step => Assert.Equal(step.Count, step.MeasuredNanoseconds.Length));
    }

    [Fact]
    public void A_text_is_the_prompt_of_every_sequence()
    {
        RecordingTokens backend = new(Zoo.Shape("gpt2-small"));
        using EngineModel<ShapeTensor> model = new("cpu", backend, tokenize: text => [.. text.Select(letter => (int)letter)]);
        TraceFileSource trace = Record(model, new TraceRecording(Technique, 1, "abc", 2, 2, 0));
        Assert.Equal([97, 98, 99, 97, 98, 99], backend.First!);
        Assert.Equal(3, trace.Header.PromptTokens);
    }

    [Fact]
    public void Drawn_prompts_depend_on_the_seed_alone()
    {
        int[] Prompt(long seed)
        {
            RecordingTokens backend = new(Zoo.Shape("gpt2-small"));
            using EngineModel<ShapeTensor> model = new("cpu", backend);
            Record(model, new TraceRecording(Technique, 20, null, 1, 1, seed));
            return backend.First!;
        }

        Assert.Equal(Prompt(1), Prompt(1));
        Assert.NotEqual(Prompt(1), Prompt(2));
    }

    [Theory]
    [InlineData("gpt2-small", "shap", "unknown backend 'shap'; did you mean 'shape'?")]
    [InlineData("gpt2-smal", "shape", "unknown model 'gpt2-smal', and there is no such folder; did you mean 'gpt2-small'?")]
    public void What_cannot_be_opened_says_why(string model, string backend, string message) =>
        Assert.Contains(message, Assert.Throws<PimSimUserException>(() => EngineModels.Open(model, backend, Zoo)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_prompt_without_a_tokenizer_and_a_context_too_long_are_refused()
    {
        using IEngineModel model = EngineModels.Open("gpt2-small", "shape", Zoo);
        Assert.Contains("has no tokenizer", Fault(new TraceRecording(Technique, 1, "text", 1, 1, 0)), StringComparison.Ordinal);
        Assert.Contains("1024 positions", Fault(new TraceRecording(Technique, 1000, null, 100, 1, 0)), StringComparison.Ordinal);
        Assert.Contains("more than PimSim runs at once", Fault(new TraceRecording(Technique, 1000, null, 1, 1 << 30, 0)), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));

        string Fault(TraceRecording recording) => Assert.Throws<PimSimUserException>(() => Record(model, recording)).Message;
    }

    /// <summary>Tokens, decisions, operators and the header are the same however much was run before, more than the whole generation included.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    [InlineData(null)]
    public void A_warm_up_changes_nothing_but_the_times(int? steps)
    {
        // Settings of shipped techniques are those of their papers' models; some ask for more heads, layers or prompt than the built-in model has.
        int recorded = 0;
        foreach (TechniqueEntry technique in TechniqueCatalogue.Shipped.Names.Select(TechniqueCatalogue.Shipped.Get).Where(entry => entry.Program.ModelFamily == ITechnique.DecoderFamily))
        {
            TraceRecording recording = new(technique, 6, null, 5, technique.Family == "plain" ? 2 : 1, 3);
            using IEngineModel model = EngineModels.Open(EngineModels.Builtin, "cpu", Zoo);
            if (Xunit.Record.Exception(() => Record(model, recording with { WarmUpSteps = 0 })) is PimSimUserException)
            {
                continue;
            }

            AssertEqualButForTimes(model, recording, steps);
            recorded++;
        }

        Assert.InRange(recorded, 20, int.MaxValue);
        EncoderDecoderShape shape = AutoregressiveTests.T5 with { ActivationType = DataType.Fp32, KvType = DataType.Fp32 };
        using IEncoderDecoderWeights weights = RandomEncoderDecoderWeights.Create(shape, new EncoderDecoderNumerics(), 1);
        using CpuEncoderDecoderBackend backend = new(weights);
        using EncoderDecoderEngineModel<CpuTensor> encoderDecoder = new("cpu", backend, new StopwatchClock());
        AssertEqualButForTimes(encoderDecoder, new TraceRecording(Technique, 4, null, 3, 2, 3), steps);
    }

    /// <summary>What is run before has a cache of its own, given back before the recording's is made, and the tokens of the first steps.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(9, 4)]
    [InlineData(null, TraceRecording.DefaultWarmUpSteps)]
    public void A_warm_up_is_so_many_first_steps_on_a_cache_of_their_own(int? steps, int run)
    {
        RecordingTokens backend = new(Zoo.Shape("gpt2-small"));
        using EngineModel<ShapeTensor> model = new("cpu", backend, new StopwatchClock());
        Assert.Equal(4, Record(model, new TraceRecording(Technique, 3, null, 4, 1, 7) { WarmUpSteps = steps }).Steps().Count());
        Assert.Equal(4 + run, backend.All.Count);
        Assert.Equal(backend.All.TakeLast(4).Take(run), backend.All.Take(run));
        Assert.Equal(run > 0 ? 2 : 1, backend.Caches.Count);
        Assert.All(backend.Caches, cache => Assert.True(cache.IsDisposed));
        Assert.False(backend.TwoCachesAtOnce);
    }

    [Fact]
    public void Where_nothing_is_timed_there_is_no_warm_up_and_asking_for_one_is_refused()
    {
        RecordingTokens backend = new(Zoo.Shape("gpt2-small"));
        using EngineModel<ShapeTensor> model = new("shape", backend);
        Record(model, new TraceRecording(Technique, 3, null, 4, 1, 7));
        Record(model, new TraceRecording(Technique, 3, null, 4, 1, 7) { WarmUpSteps = 0 });
        Assert.Equal(8, backend.All.Count);
        string fault = Assert.Throws<PimSimUserException>(() => Record(model, new TraceRecording(Technique, 3, null, 4, 1, 7) { WarmUpSteps = 1 })).Message;
        Assert.Contains("the shape backend computes nothing", fault, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void AssertEqualButForTimes(IEngineModel model, TraceRecording recording, int? warmUpSteps)
    {
        TraceFileSource cold = Record(model, recording with { WarmUpSteps = 0 });
        TraceFileSource warm = Record(model, recording with { WarmUpSteps = warmUpSteps });
        Assert.Equal(cold.Header, warm.Header);
        Assert.Equal(cold.Steps().Select(WithoutTimes), warm.Steps().Select(WithoutTimes));
        Assert.All(warm.Steps(), step => Assert.Equal(step.Count, step.MeasuredNanoseconds.Length));
        Assert.Contains(warm.Steps(), step => step.Decisions.Length > 0);

        static Step WithoutTimes(Step step) => step with { MeasuredNanoseconds = [] };
    }

    private TraceFileSource Record(IEngineModel model, TraceRecording recording)
    {
        string path = Path.Combine(_folder, $"{Guid.NewGuid():N}.parquet");
        recording.Write(model, path, "test", _ => { }, TestContext.Current.CancellationToken);
        return TraceFile.Open(path);
    }

    /// <summary>Shapes, but it notes the first tokens that it is given.</summary>
    private sealed class RecordingTokens(ModelShape shape) : IBackend<ShapeTensor>
    {
        private readonly ShapeBackend _inner = new(shape);

        public int[]? First { get; private set; }

        public List<int[]> All { get; } = [];

        public List<TrackedCache> Caches { get; } = [];

        public bool TwoCachesAtOnce { get; private set; }

        public ModelShape Shape => _inner.Shape;

        public KvCache CreateCache(int sequences, int capacity)
        {
            TwoCachesAtOnce |= Caches.Exists(cache => !cache.IsDisposed);
            Caches.Add(new TrackedCache(Shape, sequences, capacity));
            return Caches[^1];
        }

        public void BeginBlock() => _inner.BeginBlock();

        public ShapeTensor Embed(ReadOnlySpan<int> tokens)
        {
            First ??= tokens.ToArray();
            All.Add(tokens.ToArray());
            return _inner.Embed(tokens);
        }

        public ShapeTensor EmbedPositions(int rows, KvCache cache) => _inner.EmbedPositions(rows, cache);

        public ShapeTensor Norm(ShapeTensor input, OperatorRole role, int layer) => _inner.Norm(input, role, layer);

        public ShapeTensor Linear(ShapeTensor input, OperatorRole role, int layer) => _inner.Linear(input, role, layer);

        public ShapeTensor Rope(ShapeTensor qkv, KvCache cache) => _inner.Rope(qkv, cache);

        public void AppendKv(ShapeTensor qkv, KvCache cache, int layer) => _inner.AppendKv(qkv, cache, layer);

        public ShapeTensor Attention(ShapeTensor qkv, KvCache cache, int layer) => _inner.Attention(qkv, cache, layer);

        public ShapeTensor Activate(ShapeTensor input) => _inner.Activate(input);

        public ShapeTensor Add(ShapeTensor left, ShapeTensor right, OperatorRole role) => _inner.Add(left, right, role);

        public ShapeTensor LastRows(ShapeTensor input, int sequences) => _inner.LastRows(input, sequences);

        public void Sample(ShapeTensor logits, Span<int> tokens) => _inner.Sample(logits, tokens);
    }

    /// <summary>A cache that knows whether it was given back.</summary>
    private sealed class TrackedCache(ModelShape shape, int sequences, int capacity) : KvCache(shape, sequences, capacity), IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
