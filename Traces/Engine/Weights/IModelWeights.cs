using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// The weights of one model in the layout that backends expect, whatever file they come from: every matrix [outputs, inputs]; queries,
/// keys and values side by side in this order, head by head; gate before up where gated. Thread-safe for reading.
/// </summary>
public interface IModelWeights : IDisposable
{
    /// <summary>The model.</summary>
    ModelShape Shape { get; }

    /// <summary>The numbers that its formulas need beside the weights.</summary>
    ModelNumerics Numerics { get; }

    /// <summary>Token embeddings: [vocabulary, hidden].</summary>
    WeightTensor TokenEmbedding { get; }

    /// <summary>Learned position vectors: [positions, hidden], the first of them for position 0; null if there are none.</summary>
    WeightTensor? PositionEmbedding { get; }

    /// <summary>
    /// The matrix of a role (<see cref="ModelShape.Matrix"/>) in a layer; the output head has layer 0. The experts of a layer stand at
    /// layer x experts + expert.
    /// </summary>
    WeightTensor Matrix(OperatorRole role, int layer);

    /// <summary>The bias of that matrix, one number for each output; empty if it has none.</summary>
    ReadOnlySpan<float> Bias(OperatorRole role, int layer);

    /// <summary>Scale of a normalisation, [hidden], of queries and keys [head dimension]; the final one has layer 0.</summary>
    ReadOnlySpan<float> NormScale(OperatorRole role, int layer);

    /// <summary>Shift of a layer normalisation; empty for an RMS normalisation, as those of queries and keys are.</summary>
    ReadOnlySpan<float> NormShift(OperatorRole role, int layer);
}
