using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>All weights of a model as doubles, read value by value.</summary>
internal sealed class ReferenceWeights(IModelWeights weights)
{
    private readonly Dictionary<(OperatorRole, int), double[][]> _matrices = [];

    public ModelShape Shape => weights.Shape;

    public ModelNumerics Numerics => weights.Numerics;

    public double[][] TokenEmbedding { get; } = Read(weights.TokenEmbedding);

    public double[][]? PositionEmbedding { get; } = weights.PositionEmbedding is { } table ? Read(table) : null;

    public double[][] Matrix(OperatorRole role, int layer)
    {
        if (!_matrices.TryGetValue((role, layer), out double[][]? matrix))
        {
            matrix = Read(weights.Matrix(role, layer));
            _matrices.Add((role, layer), matrix);
        }

        return matrix;
    }

    public double Bias(OperatorRole role, int layer, int output) => weights.Bias(role, layer) is { IsEmpty: false } bias ? bias[output] : 0;

    public double NormScale(OperatorRole role, int layer, int channel) => weights.NormScale(role, layer)[channel];

    public double NormShift(OperatorRole role, int layer, int channel) => weights.NormShift(role, layer) is { IsEmpty: false } shift ? shift[channel] : 0;

    public static double[][] Read(WeightTensor tensor)
    {
        List<double[]> rows = [];
        foreach (WeightSegment segment in tensor.Segments)
        {
            for (int row = 0; row < segment.Rows; row++)
            {
                byte[] bytes = segment.Memory.Bytes(segment.Offset + ((long)row * tensor.RowBytes), tensor.RowBytes).ToArray();
                double[] values = new double[tensor.Columns];
                for (int column = 0; column < tensor.Columns; column++)
                {
                    double scale = tensor.GroupSize == 0 ? 1 : tensor.Scales.Span[((rows.Count * tensor.Columns) + column) / tensor.GroupSize];
                    values[column] = Value(tensor.Type, bytes, column) * scale;
                }

                rows.Add(values);
            }
        }

        return [.. rows];
    }

    private static double Value(DataType type, byte[] bytes, int index)
    {
        switch (type)
        {
            case DataType.Fp32:
                return BitConverter.ToSingle(bytes, 4 * index);
            case DataType.Fp16:
                return Float(BitConverter.ToUInt16(bytes, 2 * index), 5, 10);
            case DataType.Bf16:
                return Float(BitConverter.ToUInt16(bytes, 2 * index), 8, 7);
            case DataType.Int8:
                return bytes[index] < 128 ? bytes[index] : bytes[index] - 256;
            default:
                int half = index % 2 == 0 ? bytes[index / 2] % 16 : bytes[index / 2] / 16;
                return half < 8 ? half : half - 16;
        }
    }

    /// <summary>Sign, exponent and fraction by the definition of IEEE 754; finite numbers only.</summary>
    private static double Float(ushort bits, int exponentBits, int fractionBits)
    {
        int exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1);
        double fraction = (bits & ((1 << fractionBits) - 1)) / Math.Pow(2, fractionBits);
        int bias = (1 << (exponentBits - 1)) - 1;
        double magnitude = exponent == 0 ? fraction * Math.Pow(2, 1 - bias) : (1 + fraction) * Math.Pow(2, exponent - bias);
        return bits >> 15 == 1 ? -magnitude : magnitude;
    }
}
