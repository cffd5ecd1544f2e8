using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>The weights of a model as the CPU backend reaches for them: looked up and checked once. Matrices stay where they are.</summary>
internal sealed class CpuModel
{
    private readonly CpuMatrix?[] _matrices;
    private readonly float[]?[] _scales;
    private readonly float[]?[] _shifts;
    private readonly int _layers;

    public CpuModel(IModelWeights weights)
    {
        ModelShape shape = weights.Shape;
        if (shape.Position == PositionKind.Rotary && (shape.RotaryWidth % 2 != 0 || shape.RotaryWidth > shape.HeadDim))
        {
            throw new PimSimUserException($"{shape.Name} rotates {shape.RotaryWidth} of {shape.HeadDim} channels per head; an even number of at most {shape.HeadDim} is needed");
        }

        Numerics = weights.Numerics;
        TokenEmbedding = Checked(weights.TokenEmbedding, shape.Vocab, shape.Hidden, "token embedding");
        if (shape.Position == PositionKind.Learned)
        {
            WeightTensor positions = weights.PositionEmbedding ?? throw new ArgumentException("learned positions without vectors", nameof(weights));
            PositionEmbedding = Checked(positions, shape.MaxPositions, shape.Hidden, "position embedding");
        }

        _layers = shape.Layers;
        int roles = Enum.GetValues<OperatorRole>().Length;
        _matrices = new CpuMatrix?[roles * _layers];
        _scales = new float[]?[roles * _layers];
        _shifts = new float[]?[roles * _layers];
        foreach (OperatorRole role in new[] { OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown, OperatorRole.LmHead })
        {
            WeightMatrix matrix = shape.Matrix(role);
            for (int layer = 0; layer < matrix.Instances; layer++)
            {
                WeightTensor tensor = Checked(weights.Matrix(role, layer), matrix.Outputs, matrix.Inputs, $"{role} {layer}");
                float[] bias = Checked(weights.Bias(role, layer), matrix.Bias ? matrix.Outputs : 0, $"bias of {role} {layer}");
                _matrices[Index(role, layer)] = new CpuMatrix(tensor, bias);
            }
        }

        foreach (OperatorRole role in new[] { OperatorRole.AttentionNorm, OperatorRole.FfnNorm, OperatorRole.FinalNorm })
        {
            for (int layer = 0; layer < (role == OperatorRole.FinalNorm ? 1 : _layers); layer++)
            {
                _scales[Index(role, layer)] = Checked(weights.NormScale(role, layer), shape.Hidden, $"scale of {role} {layer}");
                _shifts[Index(role, layer)] = Checked(weights.NormShift(role, layer), shape.Norm == NormKind.LayerNorm ? shape.Hidden : 0, $"shift of {role} {layer}");
            }
        }
    }

    public ModelNumerics Numerics { get; }

    public WeightTensor TokenEmbedding { get; }

    public WeightTensor? PositionEmbedding { get; }

    public CpuMatrix Matrix(OperatorRole role, int layer) => _matrices[Index(role, layer)]!;

    public float[] NormScale(OperatorRole role, int layer) =>
        _scales[Index(role, layer)] ?? throw new ArgumentOutOfRangeException(nameof(role), role, "this role has no normalisation");

    public float[] NormShift(OperatorRole role, int layer) => _shifts[Index(role, layer)]!;

    private int Index(OperatorRole role, int layer) => ((int)role * _layers) + layer;

    internal static float[] Checked(ReadOnlySpan<float> vector, int length, string what) => vector.Length == length
        ? vector.ToArray()
        : throw new ArgumentException($"{what} has {vector.Length} numbers, not {length}", nameof(vector));

    /// <summary>A matrix that has the rows, columns and scales that it says.</summary>
    internal static WeightTensor Checked(WeightTensor tensor, int rows, int columns, string what)
    {
        if (tensor.Rows != rows || tensor.Columns != columns || tensor.Segments.Sum(segment => (long)segment.Rows) != rows)
        {
            throw new ArgumentException($"{what} is [{tensor.Rows}, {tensor.Columns}], not [{rows}, {columns}]", nameof(tensor));
        }

        bool scaled = tensor.Type is DataType.Int8 or DataType.Int4;
        if (scaled && (tensor.GroupSize < 1 || columns % tensor.GroupSize != 0 || tensor.Scales.Length != (long)rows * (columns / tensor.GroupSize)))
        {
            throw new ArgumentException($"{what} has {tensor.Scales.Length} scales for groups of {tensor.GroupSize} of [{rows}, {columns}]", nameof(tensor));
        }

        return tensor;
    }
}
