using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>
/// Models in the layout of Hugging Face: a folder with config.json and safetensors files. See docs/engine-models.md for what is read.
/// </summary>
public static class HuggingFaceModel
{
    /// <summary>The file that describes the model.</summary>
    public const string ConfigName = "config.json";

    private static readonly ImmutableArray<ModelFamily> Families = [new Gpt2Family(), new OptFamily(), new LlamaFamily(), new NeoxFamily()];

    /// <summary>The values of <c>model_type</c> that are read.</summary>
    public static ImmutableArray<string> ModelTypes { get; } = [.. Families.SelectMany(family => family.ModelTypes).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Opens a folder. Matrices stay in the mapped files, in their type, except those of GPT-2, which are transposed into memory. Activations
    /// and the cache are given as fp32, in which the reference backends compute.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">Name of the model; null for that of the folder.</param>
    /// <exception cref="PimSimUserException">Something is missing, wrong or not supported; the message lists all of it.</exception>
    public static IModelWeights Load(string folder, string? name = null)
    {
        (ModelFamily family, ModelConfig config) = ReadConfig(folder);
        config = name is null ? config : config with { Shape = config.Shape with { Name = name } };
        SafetensorsFolder files = SafetensorsFolder.Open(folder);
        try
        {
            TensorLayout layout = new(family, config.Shape, files);
            layout.Check();
            IModelWeights weights = layout.Assemble(config.Numerics);
            files = null!;
            return weights;
        }
        finally
        {
            files?.Dispose();
        }
    }

    /// <summary>
    /// Reads config.json alone, which is all that the Shape backend needs. The storage of weights is fp16 until files are seen.
    /// </summary>
    /// <exception cref="PimSimUserException">Something is missing, wrong or not supported; the message lists all of it.</exception>
    public static ModelShape ReadShape(string folder) => ReadConfig(folder).Config.Shape;

    private static (ModelFamily Family, ModelConfig Config) ReadConfig(string folder)
    {
        ConfigFile file = ConfigFile.Load(folder, ModelTypes);
        ModelFamily family = Families.First(known => known.ModelTypes.Contains(file.ModelType));
        ModelConfig config = family.Read(file);
        file.Close();
        file.Problems.ThrowIfAny();

        return (family, config with { Shape = config.Shape with { Name = NameOf(folder) ?? config.Shape.Name } });
    }

    /// <summary>A config.json says nothing about which model it is; the folder's name does. Null for the root of a file system.</summary>
    internal static string? NameOf(string folder) =>
        Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) is { Length: > 0 } name ? name : null;
}
