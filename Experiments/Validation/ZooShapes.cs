using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Measurements;
using PimSim.Workloads.Models;

namespace PimSim.Experiments.Validation;

/// <summary>Sizes of the zoo's models by the names of Hugging Face: <c>meta-llama/Llama-2-7b-hf</c> is <c>llama-2-7b</c>.</summary>
public sealed class ZooShapes(ModelZoo zoo) : IModelShapes
{
    // What names say beside family and size.
    private static readonly string[] Endings = ["-hf", "-instruct", "-chat", "-v0.1", "-2507"];

    /// <inheritdoc/>
    public ModelSizes? Find(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (Shape(model) is not { } shape)
        {
            return null;
        }

        return new ModelSizes(shape.Hidden, shape.Heads, shape.KvHeads, shape.HeadDim, shape.Ffn, shape.Vocab, shape.Norm, shape.Activation)
        {
            Experts = shape.Experts,
            ExpertsPerToken = shape.ExpertsPerToken,

            // Qwen 2 has these biases and no others.
            QkvBias = shape.Biases != BiasKind.None,
        };
    }

    /// <summary>The zoo's model of such a name; null where the name is not known.</summary>
    public ModelShape? Shape(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        string name = model[(model.LastIndexOf('/') + 1)..].ToLowerInvariant();
        name = name.StartsWith("meta-", StringComparison.Ordinal) ? name["meta-".Length..] : name;
        while (Array.Find(Endings, ending => name.EndsWith(ending, StringComparison.Ordinal)) is { } ending)
        {
            name = name[..^ending.Length];
        }

        // splitwise-sim writes 'llama2-70b'.
        name = name.StartsWith("llama2-", StringComparison.Ordinal) ? $"llama-2-{name["llama2-".Length..]}" : name;
        return zoo.Names.Contains(name) ? zoo.Shape(name) : null;
    }
}
