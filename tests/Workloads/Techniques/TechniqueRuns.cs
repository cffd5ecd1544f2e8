using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Builtin;
using PimSim.Traces.Engine.HuggingFace;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads.Tests.Techniques;

/// <summary>Runs of techniques on small models with real numbers, and what they generated.</summary>
internal static class TechniqueRuns
{
    /// <summary>A small LLaMA-like decoder with drawn weights.</summary>
    public static ModelShape SmallLlama { get; } = new()
    {
        Name = "small-llama",
        Layers = 3,
        Hidden = 32,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 8,
        Ffn = 48,
        Activation = ActivationKind.SwiGlu,
        Norm = NormKind.RmsNorm,
        Position = PositionKind.Rotary,
        Biases = BiasKind.None,
        Vocab = 50,
        MaxPositions = 512,
        Tied = false,
        WeightType = DataType.Fp32,
        ActivationType = DataType.Fp32,
        KvType = DataType.Fp32,
    };

    /// <summary>Settings of a technique's file with changes.</summary>
    public static TechniqueSettings Settings(string technique, params (string Name, double[] Value)[] changes) =>
        TechniqueCatalogue.Shipped.Get(technique).Settings.With(changes.Select(change => KeyValuePair.Create(change.Name, change.Value.ToImmutableArray())));

    /// <summary>A request with settings.</summary>
    public static GenerationRequest Request(int prompt, int tokens, TechniqueSettings settings, int sequences = 1, long seed = 0) =>
        new(prompt, tokens, sequences) { Settings = settings, Seed = seed };

    /// <summary>Runs a program on a decoder with drawn weights.</summary>
    public static List<Step> OnCpu(ITechnique technique, ModelShape shape, GenerationRequest request, int[] prompt)
    {
        using RandomWeights weights = new(shape, new ModelNumerics(), unchecked((ulong)request.Seed));
        using CpuBackend backend = new(weights, 1);
        EngineSession<CpuTensor> session = new(backend, request.Sequences, Math.Max(1, technique.ReservedContext(request)), seed: request.Seed);
        return [.. technique.Run(session, request, prompt)];
    }

    /// <summary>Runs a program on the model that ships.</summary>
    public static List<Step> OnBuiltin(ITechnique technique, GenerationRequest request, int[] prompt)
    {
        using IModelWeights weights = HuggingFaceModel.Load(BuiltinModels.Main);
        using CpuBackend backend = new(weights, 1);
        EngineSession<CpuTensor> session = new(backend, request.Sequences, Math.Max(1, technique.ReservedContext(request)), seed: request.Seed);
        return [.. technique.Run(session, request, prompt)];
    }

    /// <summary>The steps on shapes alone.</summary>
    public static List<Step> OnShape(ITechnique technique, ModelShape shape, GenerationRequest request)
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(shape), request.Sequences, Math.Max(1, technique.ReservedContext(request)), seed: request.Seed);
        return [.. technique.Run(session, request, new int[request.PromptTokens * request.Sequences])];
    }

    /// <summary>All values of a decision, in order.</summary>
    public static List<long> Decisions(IEnumerable<Step> steps, string name) =>
        [.. steps.SelectMany(step => step.Decisions).Where(decision => decision.Name == name).SelectMany(decision => decision.Values)];

    /// <summary>The tokens that became final, in order.</summary>
    public static List<long> Text(IEnumerable<Step> steps) => [.. steps.SelectMany(step => step.Decisions)
        .Where(decision => decision.Name is EngineSession<ShapeTensor>.SampleDecision or EngineSession<ShapeTensor>.TokensDecision)
        .SelectMany(decision => decision.Values)];

    /// <summary>Tokens committed by all steps.</summary>
    public static int Committed(IEnumerable<Step> steps) => steps.Sum(step => step.CommittedTokens);
}
