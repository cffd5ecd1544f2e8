using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>Sizes of a decoder, as far as measured operators need them, before it is spread over devices.</summary>
/// <param name="Width">Channels between layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadDim">Width of one head.</param>
/// <param name="FfnWidth">Channels inside the feed-forward network, or inside one expert.</param>
/// <param name="Vocabulary">Entries of the token table.</param>
/// <param name="Norm">Which normalisation.</param>
/// <param name="Activation">Which nonlinearity; a gated one makes the first feed-forward product twice as wide.</param>
public sealed record ModelSizes(int Width, int Heads, int KvHeads, int HeadDim, int FfnWidth, int Vocabulary, NormKind Norm, ActivationKind Activation)
{
    /// <summary>Experts of a layer; 0 in a dense model.</summary>
    public int Experts { get; init; }

    /// <summary>Experts that each token visits.</summary>
    public int ExpertsPerToken { get; init; }

    /// <summary>Query, key and value projections have biases.</summary>
    public bool QkvBias { get; init; }

    /// <summary>The first feed-forward product makes a gate and a value for each channel.</summary>
    public bool Gated => Activation is ActivationKind.SwiGlu or ActivationKind.GeGlu;
}
