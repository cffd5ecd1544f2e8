using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Networks;

/// <summary>A model that is not a plain decoder: the family says which program knows it, the sizes are that program's.</summary>
/// <param name="Name">Name, for messages.</param>
/// <param name="Family">Which architecture: <c>llamagen</c>, <c>var</c>, <c>mar</c> ...</param>
/// <param name="Sizes">Whole numbers by name.</param>
/// <param name="WeightType">Storage of weights.</param>
/// <param name="ActivationType">Storage of activations.</param>
/// <param name="KvType">Storage of keys and values.</param>
public sealed record NetworkShape(string Name, string Family, ImmutableSortedDictionary<string, int> Sizes, DataType WeightType, DataType ActivationType, DataType KvType)
{
    /// <summary>A size.</summary>
    /// <exception cref="PimSimUserException">The model's file does not give it.</exception>
    public int this[string size] => Sizes.TryGetValue(size, out int value)
        ? value
        : throw new PimSimUserException($"model '{Name}' of the family '{Family}' does not say '{size}'; its file needs that size");
}
