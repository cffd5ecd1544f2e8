using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Workloads.Models;

/// <summary>
/// The models of the zoo by the names that files of measurements use: those under which they were published, and those of splitwise-sim. A
/// name that is not listed is not known, however much it resembles one.
/// </summary>
/// <param name="zoo">Where their sizes are.</param>
public sealed class PublishedModels(ModelZoo zoo) : IModelShapes
{
    private static readonly ImmutableDictionary<string, string> Published = ImmutableDictionary.CreateRange(StringComparer.Ordinal, new KeyValuePair<string, string>[]
    {
        new("huggyllama/llama-7b", "llama-1-7b"),
        new("meta-llama/Llama-2-7b-hf", "llama-2-7b"),
        new("meta-llama/Llama-2-13b-hf", "llama-2-13b"),
        new("meta-llama/Llama-2-70b-hf", "llama-2-70b"),
        new("llama2-70b", "llama-2-70b"),
        new("meta-llama/Meta-Llama-3-8B", "llama-3-8b"),
        new("meta-llama/Meta-Llama-3-70B", "llama-3-70b"),
        new("meta-llama/Llama-3.1-8B", "llama-3.1-8b"),
        new("meta-llama/Llama-3.1-70B", "llama-3.1-70b"),
        new("mistralai/Mistral-7B-v0.1", "mistral-7b"),
    });

    /// <summary>The published names that are known.</summary>
    public static IEnumerable<string> Names => Published.Keys.Order(StringComparer.Ordinal);

    /// <summary>The name in the zoo of a model: itself, or that of a published name; null where the zoo has no such model.</summary>
    public string? NameInZoo(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        string name = Published.GetValueOrDefault(model, model);
        return zoo.Names.Contains(name) ? name : null;
    }

    /// <inheritdoc/>
    public ModelSizes? Find(string model)
    {
        if (NameInZoo(model) is not { } name)
        {
            return null;
        }

        // Sizes of measured layers know no biases but those of queries, keys and values.
        ModelShape shape = zoo.Shape(name);
        return shape.Biases == BiasKind.All
            ? null
            : new ModelSizes(shape.Hidden, shape.Heads, shape.KvHeads, shape.HeadDim, shape.Ffn, shape.Vocab, shape.Norm, shape.Activation) { QkvBias = shape.Biases == BiasKind.Qkv };
    }
}
