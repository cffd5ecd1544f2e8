using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>A matrix and its bias.</summary>
/// <param name="Matrix">The matrix.</param>
/// <param name="Bias">One number for each output, or empty.</param>
public readonly record struct LinearWeights(WeightTensor Matrix, ReadOnlyMemory<float> Bias = default);

/// <summary>Scale and, for a layer normalisation, shift.</summary>
/// <param name="Scale">One number for each channel.</param>
/// <param name="Shift">One number for each channel, or empty.</param>
public readonly record struct NormWeights(ReadOnlyMemory<float> Scale, ReadOnlyMemory<float> Shift = default);

/// <summary>The weights of a model, put together piece by piece and held to its shape. Thread-safe for reading.</summary>
public sealed class AssembledWeights : IModelWeights
{
    private static readonly OperatorRole[] LayerMatrices = [OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown];
    private static readonly OperatorRole[] LayerNorms = [OperatorRole.AttentionNorm, OperatorRole.FfnNorm];

    private readonly LinearWeights[][] _linears;
    private readonly NormWeights[][] _norms;
    private readonly LinearWeights[] _head;
    private readonly NormWeights[] _finalNorm;
    private readonly IDisposable? _owner;

    /// <summary>Asks for every piece, layer by layer.</summary>
    /// <param name="shape">The model. If it is tied, the embedding table is the output head, which is then not asked for.</param>
    /// <param name="numerics">The numbers beside the weights.</param>
    /// <param name="tokenEmbedding">[vocabulary, hidden].</param>
    /// <param name="positionEmbedding">[positions, hidden] where positions are learned.</param>
    /// <param name="linear">The matrix of a role in a layer, with its bias.</param>
    /// <param name="norm">The normalisation of a role in a layer.</param>
    /// <param name="owner">Disposed with the weights: what holds their memory.</param>
    /// <exception cref="ArgumentException">A piece does not fit the shape.</exception>
    public AssembledWeights(
        ModelShape shape,
        ModelNumerics numerics,
        WeightTensor tokenEmbedding,
        WeightTensor? positionEmbedding,
        Func<OperatorRole, int, LinearWeights> linear,
        Func<OperatorRole, int, NormWeights> norm,
        IDisposable? owner = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(numerics);
        ArgumentNullException.ThrowIfNull(tokenEmbedding);
        ArgumentNullException.ThrowIfNull(linear);
        ArgumentNullException.ThrowIfNull(norm);
        (Shape, Numerics, TokenEmbedding, PositionEmbedding, _owner) = (shape, numerics, tokenEmbedding, positionEmbedding, owner);
        WeightChecks.Matrix(tokenEmbedding, shape.Vocab, shape.Hidden, "the token embedding");
        if (shape.Position == PositionKind.Learned)
        {
            WeightChecks.Matrix(positionEmbedding ?? throw new ArgumentNullException(nameof(positionEmbedding)), shape.MaxPositions, shape.Hidden, "the position embedding");
        }

        _linears = new LinearWeights[shape.Layers][];
        _norms = new NormWeights[shape.Layers][];
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            int at = layer;
            _linears[layer] = Array.ConvertAll(LayerMatrices, role => Checked(role, at, linear));
            _norms[layer] = Array.ConvertAll(LayerNorms, role => Checked(role, at, norm));
        }

        _head = [shape.Tied ? new LinearWeights(tokenEmbedding) : Checked(OperatorRole.LmHead, 0, linear)];
        _finalNorm = [Checked(OperatorRole.FinalNorm, 0, norm)];
    }

    /// <inheritdoc/>
    public ModelShape Shape { get; }

    /// <inheritdoc/>
    public ModelNumerics Numerics { get; }

    /// <inheritdoc/>
    public WeightTensor TokenEmbedding { get; }

    /// <inheritdoc/>
    public WeightTensor? PositionEmbedding { get; }

    /// <inheritdoc/>
    public WeightTensor Matrix(OperatorRole role, int layer) => Linear(role, layer).Matrix;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Bias(OperatorRole role, int layer) => Linear(role, layer).Bias.Span;

    /// <inheritdoc/>
    public ReadOnlySpan<float> NormScale(OperatorRole role, int layer) => Norm(role, layer).Scale.Span;

    /// <inheritdoc/>
    public ReadOnlySpan<float> NormShift(OperatorRole role, int layer) => Norm(role, layer).Shift.Span;

    /// <inheritdoc/>
    public void Dispose() => _owner?.Dispose();

    private ref readonly LinearWeights Linear(OperatorRole role, int layer)
    {
        if (role == OperatorRole.LmHead)
        {
            return ref _head[layer];
        }

        return ref _linears[layer][Place(LayerMatrices, role)];
    }

    private ref readonly NormWeights Norm(OperatorRole role, int layer)
    {
        if (role == OperatorRole.FinalNorm)
        {
            return ref _finalNorm[layer];
        }

        return ref _norms[layer][Place(LayerNorms, role)];
    }

    private static int Place(OperatorRole[] roles, OperatorRole role)
    {
        int place = Array.IndexOf(roles, role);
        return place >= 0 ? place : throw new ArgumentOutOfRangeException(nameof(role), role, "this role has no weights of this kind");
    }

    private LinearWeights Checked(OperatorRole role, int layer, Func<OperatorRole, int, LinearWeights> linear)
    {
        LinearWeights result = linear(role, layer);
        WeightMatrix matrix = Shape.Matrix(role);
        WeightChecks.Matrix(result.Matrix, matrix.Outputs, matrix.Inputs, $"{role} of layer {layer}");
        WeightChecks.Vector(result.Bias.Span, matrix.Bias ? matrix.Outputs : 0, $"the bias of {role} of layer {layer}");
        return result;
    }

    private NormWeights Checked(OperatorRole role, int layer, Func<OperatorRole, int, NormWeights> norm)
    {
        NormWeights result = norm(role, layer);
        WeightChecks.Vector(result.Scale.Span, Shape.Hidden, $"the scale of {role} of layer {layer}");
        WeightChecks.Vector(result.Shift.Span, Shape.Norm == NormKind.LayerNorm ? Shape.Hidden : 0, $"the shift of {role} of layer {layer}");
        return result;
    }
}
