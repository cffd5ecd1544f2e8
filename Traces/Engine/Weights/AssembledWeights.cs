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
    private readonly Dictionary<OperatorRole, LinearWeights[]> _linears = [];
    private readonly Dictionary<OperatorRole, NormWeights[]> _norms = [];
    private readonly IDisposable? _owner;

    /// <summary>Asks for every piece, role by role and layer by layer.</summary>
    /// <param name="shape">The model. If it is tied, the embedding table is the output head, which is then not asked for.</param>
    /// <param name="numerics">The numbers beside the weights.</param>
    /// <param name="tokenEmbedding">[vocabulary, hidden].</param>
    /// <param name="positionEmbedding">[positions, hidden] where positions are learned.</param>
    /// <param name="linear">The matrix of a role in a layer (of an expert: see <see cref="IModelWeights.Matrix"/>), with its bias.</param>
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

        foreach (WeightMatrix matrix in shape.Footprint(1, 1).Matrices)
        {
            OperatorRole role = matrix.Role;
            _linears[role] = role == OperatorRole.LmHead && shape.Tied
                ? [new LinearWeights(tokenEmbedding)]
                : [.. Enumerable.Range(0, matrix.Instances).Select(layer => Checked(matrix, layer, linear))];
        }

        foreach (OperatorRole role in new[] { OperatorRole.AttentionNorm, OperatorRole.FfnNorm, OperatorRole.FinalNorm })
        {
            int layers = role == OperatorRole.FinalNorm ? 1 : shape.Layers;
            _norms[role] = [.. Enumerable.Range(0, layers).Select(layer => Checked(role, layer, shape.Hidden, shape.Norm, norm))];
        }

        foreach (OperatorRole role in shape.QueryKeyNorm ? new[] { OperatorRole.QueryNorm, OperatorRole.KeyNorm } : [])
        {
            _norms[role] = [.. Enumerable.Range(0, shape.Layers).Select(layer => Checked(role, layer, shape.HeadDim, NormKind.RmsNorm, norm))];
        }
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

    private LinearWeights Linear(OperatorRole role, int layer) =>
        _linears.TryGetValue(role, out LinearWeights[]? all) ? all[layer] : throw new ArgumentOutOfRangeException(nameof(role), role, "this role has no weights of this kind");

    private NormWeights Norm(OperatorRole role, int layer) =>
        _norms.TryGetValue(role, out NormWeights[]? all) ? all[layer] : throw new ArgumentOutOfRangeException(nameof(role), role, "this role has no weights of this kind");

    private static LinearWeights Checked(WeightMatrix matrix, int layer, Func<OperatorRole, int, LinearWeights> linear)
    {
        LinearWeights result = linear(matrix.Role, layer);
        WeightChecks.Matrix(result.Matrix, matrix.Outputs, matrix.Inputs, $"{matrix.Role} of layer {layer}");
        WeightChecks.Vector(result.Bias.Span, matrix.Bias ? matrix.Outputs : 0, $"the bias of {matrix.Role} of layer {layer}");
        return result;
    }

    private static NormWeights Checked(OperatorRole role, int layer, int width, NormKind kind, Func<OperatorRole, int, NormWeights> norm)
    {
        NormWeights result = norm(role, layer);
        WeightChecks.Vector(result.Scale.Span, width, $"the scale of {role} of layer {layer}");
        WeightChecks.Vector(result.Shift.Span, kind == NormKind.LayerNorm ? width : 0, $"the shift of {role} of layer {layer}");
        return result;
    }
}
