using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>The weights of a model as the CPU backend reaches for them: looked up and checked once. Matrices stay where they are.</summary>
internal sealed class CpuModel
{
    private readonly CpuMatrix[][] _matrices;
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
        TokenEmbedding = WeightChecks.Matrix(weights.TokenEmbedding, shape.Vocab, shape.Hidden, "token embedding");
        if (shape.Position == PositionKind.Learned)
        {
            WeightTensor positions = weights.PositionEmbedding ?? throw new ArgumentException("learned positions without vectors", nameof(weights));
            PositionEmbedding = WeightChecks.Matrix(positions, shape.MaxPositions, shape.Hidden, "position embedding");
        }

        _layers = shape.Layers;
        int roles = Enum.GetValues<OperatorRole>().Length;
        _matrices = new CpuMatrix[roles][];
        _scales = new float[]?[roles * _layers];
        _shifts = new float[]?[roles * _layers];
        foreach (WeightMatrix matrix in shape.Footprint(1, 1).Matrices)
        {
            OperatorRole role = matrix.Role;
            _matrices[(int)role] = new CpuMatrix[matrix.Instances];
            for (int layer = 0; layer < matrix.Instances; layer++)
            {
                WeightTensor tensor = WeightChecks.Matrix(weights.Matrix(role, layer), matrix.Outputs, matrix.Inputs, $"{role} {layer}");
                float[] bias = WeightChecks.Vector(weights.Bias(role, layer), matrix.Bias ? matrix.Outputs : 0, $"bias of {role} {layer}").ToArray();
                _matrices[(int)role][layer] = new CpuMatrix(tensor, bias);
            }
        }

        foreach (OperatorRole role in new[] { OperatorRole.AttentionNorm, OperatorRole.FfnNorm, OperatorRole.FinalNorm })
        {
            for (int layer = 0; layer < (role == OperatorRole.FinalNorm ? 1 : _layers); layer++)
            {
                _scales[Index(role, layer)] = WeightChecks.Vector(weights.NormScale(role, layer), shape.Hidden, $"scale of {role} {layer}").ToArray();
                _shifts[Index(role, layer)] = WeightChecks.Vector(weights.NormShift(role, layer), shape.Norm == NormKind.LayerNorm ? shape.Hidden : 0, $"shift of {role} {layer}").ToArray();
            }
        }

        foreach (OperatorRole role in shape.QueryKeyNorm ? new[] { OperatorRole.QueryNorm, OperatorRole.KeyNorm } : [])
        {
            for (int layer = 0; layer < _layers; layer++)
            {
                _scales[Index(role, layer)] = WeightChecks.Vector(weights.NormScale(role, layer), shape.HeadDim, $"scale of {role} {layer}").ToArray();
            }
        }
    }

    public ModelNumerics Numerics { get; }

    public WeightTensor TokenEmbedding { get; }

    public WeightTensor? PositionEmbedding { get; }

    public CpuMatrix Matrix(OperatorRole role, int layer) => _matrices[(int)role][layer];

    public float[] NormScale(OperatorRole role, int layer) =>
        _scales[Index(role, layer)] ?? throw new ArgumentOutOfRangeException(nameof(role), role, "this role has no normalisation");

    public float[] NormShift(OperatorRole role, int layer) => _shifts[Index(role, layer)]!;

    private int Index(OperatorRole role, int layer) => ((int)role * _layers) + layer;
}
