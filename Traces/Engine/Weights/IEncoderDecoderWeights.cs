using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// The weights of one encoder-decoder in the layout that backends expect: every matrix [outputs, inputs]; queries, keys and values side by
/// side in this order, head by head, and likewise keys and values of cross-attention; gate before up where gated. Thread-safe for reading.
/// </summary>
public interface IEncoderDecoderWeights : IDisposable
{
    /// <summary>The model.</summary>
    EncoderDecoderShape Shape { get; }

    /// <summary>The numbers that its formulas need beside the weights.</summary>
    EncoderDecoderNumerics Numerics { get; }

    /// <summary>Token embeddings, which both stacks share: [vocabulary, hidden].</summary>
    WeightTensor TokenEmbedding { get; }

    /// <summary>
    /// Of learned positions the vectors of a stack: [positions, hidden], the first for position 0. Of relative ones what its heads add to
    /// their scores: [buckets, heads].
    /// </summary>
    WeightTensor Positions(ModelStack stack);

    /// <summary>The matrix of a role (<see cref="EncoderDecoderShape.Matrix"/>) in a layer; the output head has layer 0.</summary>
    WeightTensor Matrix(ModelStack stack, OperatorRole role, int layer);

    /// <summary>The bias of that matrix, one number for each output; empty if it has none.</summary>
    ReadOnlySpan<float> Bias(ModelStack stack, OperatorRole role, int layer);

    /// <summary>Scale of a normalisation, [hidden]; the final one has layer 0.</summary>
    ReadOnlySpan<float> NormScale(ModelStack stack, OperatorRole role, int layer);

    /// <summary>Shift of a layer normalisation; empty for an RMS normalisation.</summary>
    ReadOnlySpan<float> NormShift(ModelStack stack, OperatorRole role, int layer);
}
