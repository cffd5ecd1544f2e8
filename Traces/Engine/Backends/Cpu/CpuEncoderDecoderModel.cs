using System.Numerics.Tensors;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>The weights of an encoder-decoder as the CPU backend reaches for them: looked up and checked once. Matrices stay where they are.</summary>
internal sealed class CpuEncoderDecoderModel
{
    private static readonly int Roles = Enum.GetValues<OperatorRole>().Length;

    private readonly CpuMatrix?[] _matrices;
    private readonly float[]?[] _scales;
    private readonly float[]?[] _shifts;
    private readonly WeightTensor[] _positions;
    private readonly int _layers;

    public CpuEncoderDecoderModel(IEncoderDecoderWeights weights)
    {
        EncoderDecoderShape shape = weights.Shape;
        Numerics = weights.Numerics;
        TokenEmbedding = WeightChecks.Matrix(weights.TokenEmbedding, shape.Vocab, shape.Hidden, "token embedding");
        bool learned = shape.Position == EncoderDecoderPosition.Learned;
        _positions = Array.ConvertAll(
            Enum.GetValues<ModelStack>(),
            stack => WeightChecks.Matrix(weights.Positions(stack), learned ? shape.MaxPositions : shape.Buckets.Count, learned ? shape.Hidden : shape.Heads, $"positions of the {stack}"));
        if (!learned)
        {
            EncoderBias = new ScoreBias(shape.Buckets, _positions[(int)ModelStack.Encoder], bidirectional: true);
            DecoderBias = new ScoreBias(shape.Buckets, _positions[(int)ModelStack.Decoder], bidirectional: false);
        }

        _layers = Math.Max(1, Math.Max(shape.EncoderLayers, shape.DecoderLayers));
        _matrices = new CpuMatrix?[2 * Roles * _layers];
        _scales = new float[]?[2 * Roles * _layers];
        _shifts = new float[]?[2 * Roles * _layers];
        foreach (ModelStack stack in Enum.GetValues<ModelStack>())
        {
            foreach (OperatorRole role in EncoderDecoderShape.LayerMatrices(stack))
            {
                AddMatrices(weights, stack, role);
            }

            foreach (OperatorRole role in EncoderDecoderShape.LayerNorms(stack))
            {
                for (int layer = 0; layer < shape.Layers(stack); layer++)
                {
                    AddNorm(weights, stack, role, layer);
                }
            }

            AddNorm(weights, stack, OperatorRole.FinalNorm, 0);
        }

        AddMatrices(weights, ModelStack.Decoder, OperatorRole.LmHead);
        if (Numerics.ScaledHead)
        {
            // The head is linear: what it reads may as well be normalised to the smaller size at once.
            float factor = (float)(1 / Math.Sqrt(shape.Hidden));
            int final = Index(ModelStack.Decoder, OperatorRole.FinalNorm, 0);
            TensorPrimitives.Multiply(_scales[final]!, factor, _scales[final]!);
            TensorPrimitives.Multiply(_shifts[final]!, factor, _shifts[final]!);
        }
    }

    public EncoderDecoderNumerics Numerics { get; }

    public WeightTensor TokenEmbedding { get; }

    /// <summary>Null where positions are learned vectors.</summary>
    public ScoreBias? EncoderBias { get; }

    /// <summary>Null where positions are learned vectors.</summary>
    public ScoreBias? DecoderBias { get; }

    public WeightTensor Positions(ModelStack stack) => _positions[(int)stack];

    public CpuMatrix Matrix(ModelStack stack, OperatorRole role, int layer) => _matrices[Index(stack, role, layer)]!;

    public float[] NormScale(ModelStack stack, OperatorRole role, int layer) =>
        _scales[Index(stack, role, layer)] ?? throw new ArgumentOutOfRangeException(nameof(role), role, $"this role has no normalisation in the {stack}");

    public float[] NormShift(ModelStack stack, OperatorRole role, int layer) => _shifts[Index(stack, role, layer)]!;

    private void AddMatrices(IEncoderDecoderWeights weights, ModelStack stack, OperatorRole role)
    {
        WeightMatrix matrix = weights.Shape.Matrix(stack, role);
        for (int layer = 0; layer < matrix.Instances; layer++)
        {
            string what = $"{role} {layer} of the {stack}";
            WeightTensor tensor = WeightChecks.Matrix(weights.Matrix(stack, role, layer), matrix.Outputs, matrix.Inputs, what);
            float[] bias = WeightChecks.Vector(weights.Bias(stack, role, layer), matrix.Bias ? matrix.Outputs : 0, $"bias of {what}").ToArray();
            _matrices[Index(stack, role, layer)] = new CpuMatrix(tensor, bias);
        }
    }

    private void AddNorm(IEncoderDecoderWeights weights, ModelStack stack, OperatorRole role, int layer)
    {
        int hidden = weights.Shape.Hidden;
        string what = $"{role} {layer} of the {stack}";
        _scales[Index(stack, role, layer)] = WeightChecks.Vector(weights.NormScale(stack, role, layer), hidden, $"scale of {what}").ToArray();
        _shifts[Index(stack, role, layer)] = WeightChecks.Vector(weights.NormShift(stack, role, layer), weights.Shape.Norm == NormKind.LayerNorm ? hidden : 0, $"shift of {what}").ToArray();
    }

    private int Index(ModelStack stack, OperatorRole role, int layer) => ((((int)stack * Roles) + (int)role) * _layers) + layer;
}
