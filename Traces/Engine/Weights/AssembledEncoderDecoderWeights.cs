using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>The weights of an encoder-decoder, put together piece by piece and held to its shape. Thread-safe for reading.</summary>
public sealed class AssembledEncoderDecoderWeights : IEncoderDecoderWeights
{
    private readonly Dictionary<(ModelStack Stack, OperatorRole Role, int Layer), LinearWeights> _linears = [];
    private readonly Dictionary<(ModelStack Stack, OperatorRole Role, int Layer), NormWeights> _norms = [];
    private readonly WeightTensor[] _positions;
    private readonly IDisposable? _owner;

    /// <summary>Asks for every piece: the positions of both stacks, then stack by stack and layer by layer.</summary>
    /// <param name="shape">The model. If it is tied, the embedding table is the output head, which is then not asked for.</param>
    /// <param name="numerics">The numbers beside the weights.</param>
    /// <param name="tokenEmbedding">[vocabulary, hidden].</param>
    /// <param name="positions">The position vectors or biases of a stack.</param>
    /// <param name="linear">The matrix of a role in a layer, with its bias.</param>
    /// <param name="norm">The normalisation of a role in a layer.</param>
    /// <param name="owner">Disposed with the weights: what holds their memory.</param>
    /// <exception cref="ArgumentException">A piece does not fit the shape.</exception>
    public AssembledEncoderDecoderWeights(
        EncoderDecoderShape shape,
        EncoderDecoderNumerics numerics,
        WeightTensor tokenEmbedding,
        Func<ModelStack, WeightTensor> positions,
        Func<ModelStack, OperatorRole, int, LinearWeights> linear,
        Func<ModelStack, OperatorRole, int, NormWeights> norm,
        IDisposable? owner = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(numerics);
        ArgumentNullException.ThrowIfNull(tokenEmbedding);
        ArgumentNullException.ThrowIfNull(positions);
        ArgumentNullException.ThrowIfNull(linear);
        ArgumentNullException.ThrowIfNull(norm);
        (Shape, Numerics, TokenEmbedding, _owner) = (shape, numerics, tokenEmbedding, owner);
        WeightChecks.Matrix(tokenEmbedding, shape.Vocab, shape.Hidden, "the token embedding");
        _positions = [positions(ModelStack.Encoder), positions(ModelStack.Decoder)];
        foreach (ModelStack stack in Enum.GetValues<ModelStack>())
        {
            bool learned = shape.Position == EncoderDecoderPosition.Learned;
            WeightChecks.Matrix(_positions[(int)stack], learned ? shape.MaxPositions : shape.Buckets.Count, learned ? shape.Hidden : shape.Heads, $"the positions of the {stack}");
            for (int layer = 0; layer < shape.Layers(stack); layer++)
            {
                foreach (OperatorRole role in EncoderDecoderShape.LayerMatrices(stack))
                {
                    _linears[(stack, role, layer)] = Checked(stack, role, layer, linear(stack, role, layer));
                }

                foreach (OperatorRole role in EncoderDecoderShape.LayerNorms(stack))
                {
                    _norms[(stack, role, layer)] = Checked(stack, role, layer, norm(stack, role, layer));
                }
            }

            _norms[(stack, OperatorRole.FinalNorm, 0)] = Checked(stack, OperatorRole.FinalNorm, 0, norm(stack, OperatorRole.FinalNorm, 0));
        }

        const ModelStack Decoder = ModelStack.Decoder;
        _linears[(Decoder, OperatorRole.LmHead, 0)] = shape.Tied
            ? new LinearWeights(tokenEmbedding)
            : Checked(Decoder, OperatorRole.LmHead, 0, linear(Decoder, OperatorRole.LmHead, 0));
    }

    /// <inheritdoc/>
    public EncoderDecoderShape Shape { get; }

    /// <inheritdoc/>
    public EncoderDecoderNumerics Numerics { get; }

    /// <inheritdoc/>
    public WeightTensor TokenEmbedding { get; }

    /// <inheritdoc/>
    public WeightTensor Positions(ModelStack stack) => _positions[(int)stack];

    /// <inheritdoc/>
    public WeightTensor Matrix(ModelStack stack, OperatorRole role, int layer) => _linears[(stack, role, layer)].Matrix;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Bias(ModelStack stack, OperatorRole role, int layer) => _linears[(stack, role, layer)].Bias.Span;

    /// <inheritdoc/>
    public ReadOnlySpan<float> NormScale(ModelStack stack, OperatorRole role, int layer) => _norms[(stack, role, layer)].Scale.Span;

    /// <inheritdoc/>
    public ReadOnlySpan<float> NormShift(ModelStack stack, OperatorRole role, int layer) => _norms[(stack, role, layer)].Shift.Span;

    /// <inheritdoc/>
    public void Dispose() => _owner?.Dispose();

    private LinearWeights Checked(ModelStack stack, OperatorRole role, int layer, LinearWeights linear)
    {
        WeightMatrix matrix = Shape.Matrix(stack, role);
        string what = $"{role} of layer {layer} of the {stack}";
        WeightChecks.Matrix(linear.Matrix, matrix.Outputs, matrix.Inputs, what);
        WeightChecks.Vector(linear.Bias.Span, matrix.Bias ? matrix.Outputs : 0, $"the bias of {what}");
        return linear;
    }

    private NormWeights Checked(ModelStack stack, OperatorRole role, int layer, NormWeights norm)
    {
        string what = $"{role} of layer {layer} of the {stack}";
        WeightChecks.Vector(norm.Scale.Span, Shape.Hidden, $"the scale of {what}");
        WeightChecks.Vector(norm.Shift.Span, Shape.Norm == NormKind.LayerNorm ? Shape.Hidden : 0, $"the shift of {what}");
        return norm;
    }
}
