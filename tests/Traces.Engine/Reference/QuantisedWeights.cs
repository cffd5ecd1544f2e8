using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>Weights rounded to integers, each group of columns by its largest; every matrix lies in two places.</summary>
internal sealed class QuantisedWeights : IModelWeights
{
    private readonly IModelWeights _source;
    private readonly DataType _type;
    private readonly Dictionary<WeightTensor, WeightTensor> _tensors = new(ReferenceEqualityComparer.Instance);

    public QuantisedWeights(IModelWeights source, DataType type)
    {
        _source = source;
        _type = type;
        Shape = source.Shape with { WeightType = type };
    }

    public ModelShape Shape { get; }

    public ModelNumerics Numerics => _source.Numerics;

    public WeightTensor TokenEmbedding => Quantised(_source.TokenEmbedding);

    public WeightTensor? PositionEmbedding => _source.PositionEmbedding is { } table ? Quantised(table) : null;

    public WeightTensor Matrix(OperatorRole role, int layer) => Quantised(_source.Matrix(role, layer));

    public ReadOnlySpan<float> Bias(OperatorRole role, int layer) => _source.Bias(role, layer);

    public ReadOnlySpan<float> NormScale(OperatorRole role, int layer) => _source.NormScale(role, layer);

    public ReadOnlySpan<float> NormShift(OperatorRole role, int layer) => _source.NormShift(role, layer);

    public void Dispose() => _source.Dispose();

    public static WeightTensor Quantise(double[][] rows, DataType type, int groupSize)
    {
        int columns = rows[0].Length;
        int largest = type == DataType.Int8 ? 127 : 7;
        int rowBytes = (int)type.Bytes(columns);
        byte[] bytes = new byte[rows.Length * rowBytes];
        List<float> scales = [];
        for (int row = 0; row < rows.Length; row++)
        {
            for (int start = 0; start < columns; start += groupSize)
            {
                float scale = (float)(rows[row][start..(start + groupSize)].Max(Math.Abs) / largest);
                scales.Add(scale);
                for (int column = start; column < start + groupSize; column++)
                {
                    int value = scale == 0 ? 0 : (int)Math.Round(rows[row][column] / scale);
                    if (type == DataType.Int8)
                    {
                        bytes[(row * rowBytes) + column] = (byte)value;
                    }
                    else
                    {
                        bytes[(row * rowBytes) + (column / 2)] |= (byte)((value & 15) << (column % 2 * 4));
                    }
                }
            }
        }

        int first = rows.Length / 3;
        TestMemory memory = new(bytes);
        return new WeightTensor(type, rows.Length, columns, [new(memory, 0, first), new(memory, (long)first * rowBytes, rows.Length - first)], scales.ToArray(), groupSize);
    }

    private WeightTensor Quantised(WeightTensor tensor)
    {
        if (!_tensors.TryGetValue(tensor, out WeightTensor? quantised))
        {
            // Whole vectors where they fit, else ragged groups.
            int group = tensor.Columns % 16 == 0 ? 16 : tensor.Columns % 3 == 0 ? tensor.Columns / 3 : tensor.Columns;
            quantised = Quantise(ReferenceWeights.Read(tensor), _type, group);
            _tensors.Add(tensor, quantised);
        }

        return quantised;
    }
}
