using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>
/// Encoder-decoders in the layout of Hugging Face: what <see cref="HuggingFaceModel"/> is for decoder-only models. See
/// docs/engine-models.md for what is read.
/// </summary>
public static class HuggingFaceEncoderDecoder
{
    /// <summary>The values of <c>model_type</c> that are read.</summary>
    public static ImmutableArray<string> ModelTypes { get; } = [T5Family.ModelType];

    /// <summary>Whether a folder holds an encoder-decoder rather than a model for <see cref="HuggingFaceModel"/>.</summary>
    /// <exception cref="PimSimUserException">There is no config.json, or it names neither.</exception>
    public static bool Matches(string folder) => ModelTypes.Contains(Open(folder, [.. ModelTypes, .. HuggingFaceModel.ModelTypes]).ModelType);

    /// <summary>Opens a folder. All matrices stay in the mapped files, in their type. Activations and caches are given as fp32.</summary>
    /// <exception cref="PimSimUserException">Something is missing, wrong or not supported; the message lists all of it.</exception>
    public static IEncoderDecoderWeights Load(string folder)
    {
        EncoderDecoderConfig config = ReadConfig(folder);
        SafetensorsFolder files = SafetensorsFolder.Open(folder);
        try
        {
            T5Layout layout = new(config.Shape, files);
            layout.Check();
            IEncoderDecoderWeights weights = layout.Assemble(config.Numerics);
            files = null!;
            return weights;
        }
        finally
        {
            files?.Dispose();
        }
    }

    /// <summary>Reads config.json alone, which is all that the Shape backend needs. The storage of weights is fp16 until files are seen.</summary>
    /// <exception cref="PimSimUserException">Something is missing, wrong or not supported; the message lists all of it.</exception>
    public static EncoderDecoderShape ReadShape(string folder) => ReadConfig(folder).Shape;

    private static ConfigFile Open(string folder, IReadOnlyCollection<string> knownTypes)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string path = Path.Combine(folder, HuggingFaceModel.ConfigName);
        if (!Directory.Exists(folder) || !File.Exists(path))
        {
            string what = Directory.Exists(folder) ? $"no {HuggingFaceModel.ConfigName} in it" : "there is no such folder";
            throw new PimSimUserException($"{folder}: {what}; a folder of a Hugging Face model is needed: {HuggingFaceModel.ConfigName} and safetensors files");
        }

        return ConfigFile.Load(path, knownTypes);
    }

    private static EncoderDecoderConfig ReadConfig(string folder)
    {
        ConfigFile file = Open(folder, ModelTypes);
        EncoderDecoderConfig config = T5Family.Read(file);
        file.Close(encoderDecoder: true);
        file.Problems.ThrowIfAny();

        // The type says nothing about which model it is; the folder's name does.
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return config with { Shape = config.Shape with { Name = name.Length > 0 ? name : config.Shape.Name } };
    }
}
