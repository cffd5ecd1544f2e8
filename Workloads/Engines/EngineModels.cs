using PimSim.Traces.Engine.Builtin;
using PimSim.Traces.Engine.HuggingFace;
using PimSim.Traces.Engine.Text;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Models;

namespace PimSim.Workloads.Engines;

/// <summary>Opens models on backends: the one place that knows which there are.</summary>
public static class EngineModels
{
    /// <summary>The model that ships with PimSim.</summary>
    public const string Builtin = "builtin";

    /// <summary>Numbers computed on the processor.</summary>
    public const string CpuBackendName = "cpu";

    /// <summary>Shapes without data.</summary>
    public const string ShapeBackendName = "shape";

    /// <summary>The names of <see cref="Backends"/> in one text: what a command line that is not about traces need not load this assembly for.</summary>
    public const string BackendNames = $"{CpuBackendName}, {CudaModels.BackendName}, {ShapeBackendName}";

    /// <summary>All names that a backend can have.</summary>
    public static IReadOnlyList<string> Backends { get; } = [CpuBackendName, CudaModels.BackendName, ShapeBackendName];

    /// <summary>Opens a model. One of the zoo has no weights, so where numbers are computed they are drawn, and its name says so.</summary>
    /// <param name="model">A name of the zoo, a folder with a model, or <see cref="Builtin"/>.</param>
    /// <param name="backend">A name of <see cref="Backends"/>.</param>
    /// <param name="zoo">Models by name.</param>
    /// <param name="seed">Of drawn weights.</param>
    /// <param name="threads">Of the cpu backend; 0 for one per processor.</param>
    /// <exception cref="PimSimUserException">No such model or backend, or the model cannot run on it.</exception>
    public static IEngineModel Open(string model, string backend, ModelZoo zoo, long seed = 0, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(zoo);
        if (!Backends.Contains(backend))
        {
            throw new PimSimUserException($"unknown backend '{backend}'; {NearestWord.Suggest(backend, Backends)}");
        }

        if (threads != 0 && backend != CpuBackendName)
        {
            throw new PimSimUserException($"threads are of the {CpuBackendName} backend; the {backend} backend has none to choose");
        }

        IModelSource source = Find(model, zoo, seed);
        return backend switch
        {
            ShapeBackendName => source.OnShape(),
            CpuBackendName => source.OnCpu(threads),
            _ => source.OnCuda(),
        };
    }

    private static IModelSource Find(string model, ModelZoo zoo, long seed)
    {
        if (model == Builtin)
        {
            ByteTokenizer bytes = new();
            return new DecoderSource(
                () => HuggingFaceModel.ReadShape(BuiltinModels.Main) with { Name = Builtin },
                () => HuggingFaceModel.Load(BuiltinModels.Main, Builtin),
                text => [.. bytes.Encode(text)]);
        }

        if (zoo.Names.Contains(model))
        {
            return new DecoderSource(
                () => zoo.Shape(model),
                () => new RandomWeights(zoo.Shape(model) with { Name = $"{model} with random weights" }, new ModelNumerics(), unchecked((ulong)seed)),
                tokenize: null);
        }

        if (NetworkZoo.Shipped.Names.Contains(model))
        {
            return new NetworkSource(NetworkZoo.Shipped.Shape(model));
        }

        if (!Directory.Exists(model))
        {
            throw new PimSimUserException($"unknown model '{model}', and there is no such folder; {NearestWord.Suggest(model, [.. zoo.Names, .. NetworkZoo.Shipped.Names, Builtin])}");
        }

        return HuggingFaceEncoderDecoder.Matches(model)
            ? new EncoderDecoderSource(() => HuggingFaceEncoderDecoder.ReadShape(model), () => HuggingFaceEncoderDecoder.Load(model), Tokenizer(model, () => HuggingFaceEncoderDecoder.ReadShape(model).Vocab))
            : new DecoderSource(() => HuggingFaceModel.ReadShape(model), () => HuggingFaceModel.Load(model), Tokenizer(model, () => HuggingFaceModel.ReadShape(model).Vocab));
    }

    private static Func<string, int[]>? Tokenizer(string folder, Func<int> vocab) =>
        HuggingFaceTokenizer.Exists(folder) ? text => [.. HuggingFaceTokenizer.Load(folder, vocab()).Encode(text)] : null;
}
