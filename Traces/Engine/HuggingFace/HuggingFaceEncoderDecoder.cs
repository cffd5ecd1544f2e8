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
    public static bool Matches(string folder) => ModelTypes.Contains(ConfigFile.Load(folder, [.. ModelTypes, .. HuggingFaceModel.ModelTypes]).ModelType);

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

    private static EncoderDecoderConfig ReadConfig(string folder)
    {
        ConfigFile file = ConfigFile.Load(folder, ModelTypes);
        EncoderDecoderConfig config = T5Family.Read(file);
        file.Close(encoderDecoder: true);
        file.Problems.ThrowIfAny();

        return config with { Shape = config.Shape with { Name = HuggingFaceModel.NameOf(folder) ?? config.Shape.Name } };
    }
}
