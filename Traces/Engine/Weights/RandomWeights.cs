using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// Weights of any shape with random values: the real cost of a model without its file. Matrices have a standard deviation of 1/sqrt(inputs),
/// those that write to the residual stream also divided by sqrt(2 x layers), as GPT-2 was initialised, so that activations keep their scale
/// through any number of layers. The same seed gives the same weights on any machine and number of threads, and those of another storage
/// type are the same numbers rounded.
/// </summary>
public sealed class RandomWeights : IModelWeights
{
    private const double VectorDeviation = 0.1;
    private const int MaxSegmentBytes = 1 << 30;
    private const int StripValues = 4096;
    private const int PieceValues = 1 << 20;

    private readonly Dictionary<(OperatorRole Role, int Layer), WeightTensor> _matrices = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), float[]> _biases = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), float[]> _scales = [];
    private readonly Dictionary<(OperatorRole Role, int Layer), float[]> _shifts = [];
    private readonly List<Piece> _pieces = [];
    private readonly ulong _seed;
    private ulong _tensors;

    /// <summary>Draws all weights, stored as <see cref="ModelShape.WeightType"/>.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="numerics">Numbers of its formulas.</param>
    /// <param name="seed">Decides all values.</param>
    /// <exception cref="PimSimUserException">The storage is not a floating-point type, or the model does not fit in memory.</exception>
    public RandomWeights(ModelShape shape, ModelNumerics numerics, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(numerics);
        if (shape.WeightType is not (DataType.Fp32 or DataType.Fp16 or DataType.Bf16))
        {
            throw new PimSimUserException($"random weights are drawn as fp32, fp16 or bf16, not as {DataTypes.Names[(int)shape.WeightType]}; draw one of these and quantise it");
        }

        long bytes = shape.Footprint(1, 1).WeightBytes;
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > available)
        {
            throw new PimSimUserException($"the weights of {shape.Name} take {bytes >> 20} MiB, more than the {available >> 20} MiB of memory; use a smaller model, or the shape backend, which needs no weights");
        }

        Shape = shape;
        Numerics = numerics;
        _seed = seed;
        TokenEmbedding = NewTensor(shape.Vocab, shape.Hidden, 1 / Math.Sqrt(shape.Hidden));
        PositionEmbedding = shape.Position == PositionKind.Learned ? NewTensor(shape.MaxPositions, shape.Hidden, 1 / Math.Sqrt(shape.Hidden)) : null;
        foreach (OperatorRole role in new[] { OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown })
        {
            double deviation = role is OperatorRole.OutputProjection or OperatorRole.FfnDown ? 1 / Math.Sqrt(2.0 * shape.Layers) : 1;
            AddMatrices(role, deviation);
        }

        if (shape.Tied)
        {
            _matrices[(OperatorRole.LmHead, 0)] = TokenEmbedding;
        }
        else
        {
            AddMatrices(OperatorRole.LmHead, 1);
        }

        AddNorms(OperatorRole.AttentionNorm, shape.Layers);
        AddNorms(OperatorRole.FfnNorm, shape.Layers);
        AddNorms(OperatorRole.FinalNorm, 1);
        Parallel.ForEach(_pieces, piece => piece.Fill(shape.WeightType));
        _pieces.Clear();
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
    public WeightTensor Matrix(OperatorRole role, int layer) => _matrices[(role, layer)];

    /// <inheritdoc/>
    public ReadOnlySpan<float> Bias(OperatorRole role, int layer) => _biases.GetValueOrDefault((role, layer));

    /// <inheritdoc/>
    public ReadOnlySpan<float> NormScale(OperatorRole role, int layer) => _scales[(role, layer)];

    /// <inheritdoc/>
    public ReadOnlySpan<float> NormShift(OperatorRole role, int layer) => _shifts.GetValueOrDefault((role, layer));

    /// <summary>Nothing to release: the weights are arrays.</summary>
    public void Dispose()
    {
    }

    private void AddMatrices(OperatorRole role, double deviation)
    {
        WeightMatrix matrix = Shape.Matrix(role);
        for (int layer = 0; layer < matrix.Instances; layer++)
        {
            _matrices[(role, layer)] = NewTensor(matrix.Outputs, matrix.Inputs, deviation / Math.Sqrt(matrix.Inputs));
            if (matrix.Bias)
            {
                _biases[(role, layer)] = NewVector(matrix.Outputs, 0);
            }
        }
    }

    private void AddNorms(OperatorRole role, int layers)
    {
        for (int layer = 0; layer < layers; layer++)
        {
            _scales[(role, layer)] = NewVector(Shape.Hidden, 1);
            if (Shape.Norm == NormKind.LayerNorm)
            {
                _shifts[(role, layer)] = NewVector(Shape.Hidden, 0);
            }
        }
    }

    private float[] NewVector(int length, float mean)
    {
        float[] vector = new float[length];
        new RandomStream(_seed, _tensors++).Fill(0, VectorDeviation, vector);
        TensorPrimitives.Add(vector, mean, vector);
        return vector;
    }

    private WeightTensor NewTensor(int rows, int columns, double deviation)
    {
        RandomStream stream = new(_seed, _tensors++);
        int rowBytes = (int)Shape.WeightType.Bytes(columns);
        int mostRows = Math.Max(1, MaxSegmentBytes / rowBytes);
        List<WeightSegment> segments = [];
        for (int first = 0; first < rows; first += mostRows)
        {
            int count = Math.Min(mostRows, rows - first);
            byte[] bytes = GC.AllocateUninitializedArray<byte>(count * rowBytes);
            segments.Add(new WeightSegment(new ArrayMemory(bytes), 0, count));
            int values = count * columns;
            for (int start = 0; start < values; start += PieceValues)
            {
                _pieces.Add(new Piece(stream, ((long)first * columns) + start, bytes, start, Math.Min(PieceValues, values - start), deviation));
            }
        }

        return new WeightTensor(Shape.WeightType, rows, columns, segments);
    }

    private sealed class ArrayMemory(byte[] bytes) : IWeightMemory
    {
        public ReadOnlySpan<byte> Bytes(long offset, int length) => bytes.AsSpan(checked((int)offset), length);
    }

    /// <summary>Consecutive values of one matrix.</summary>
    private sealed record Piece(RandomStream Stream, long FirstValue, byte[] Bytes, int Start, int Length, double Deviation)
    {
        public void Fill(DataType type)
        {
            Span<float> strip = stackalloc float[StripValues];
            for (int done = 0; done < Length; done += StripValues)
            {
                Span<float> values = strip[..Math.Min(StripValues, Length - done)];
                Stream.Fill(FirstValue + done, Deviation, values);
                int start = Start + done;
                switch (type)
                {
                    case DataType.Fp32:
                        values.CopyTo(MemoryMarshal.Cast<byte, float>(Bytes.AsSpan())[start..]);
                        break;
                    case DataType.Fp16:
                        TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(Bytes.AsSpan())[start..]);
                        break;
                    default:
                        RoundToBf16(values, MemoryMarshal.Cast<byte, ushort>(Bytes.AsSpan())[start..]);
                        break;
                }
            }
        }

        private static void RoundToBf16(ReadOnlySpan<float> values, Span<ushort> result)
        {
            for (int index = 0; index < values.Length; index++)
            {
                // To the nearest, of two to the even one.
                uint bits = BitConverter.SingleToUInt32Bits(values[index]);
                result[index] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
            }
        }
    }
}
