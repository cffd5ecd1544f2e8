using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// Draws the matrices and vectors of a model one after another. The same seed and order give the same values on any machine and number of
/// threads, and those of another storage type are the same numbers rounded.
/// </summary>
internal sealed class RandomTensors(DataType type, ulong seed)
{
    private const double VectorDeviation = 0.1;
    private const int MaxSegmentBytes = 1 << 30;
    private const int StripValues = 4096;
    private const int PieceValues = 1 << 20;

    private readonly List<Piece> _pieces = [];
    private ulong _tensors;

    /// <summary>Refuses what cannot be drawn.</summary>
    /// <exception cref="PimSimUserException">The storage is not a floating-point type, or the model does not fit in memory.</exception>
    public static void Check(string model, ModelFootprint footprint)
    {
        if (footprint.WeightType is not (DataType.Fp32 or DataType.Fp16 or DataType.Bf16))
        {
            throw new PimSimUserException($"random weights are drawn as fp32, fp16 or bf16, not as {DataTypes.Names[(int)footprint.WeightType]}; draw one of these and quantise it");
        }

        long bytes = footprint.WeightBytes;
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > available)
        {
            throw new PimSimUserException($"the weights of {model} take {bytes >> 20} MiB, more than the {available >> 20} MiB of memory; use a smaller model, or the shape backend, which needs no weights");
        }
    }

    /// <summary>Biases and normalisations, drawn at once.</summary>
    public float[] Vector(int length, float mean)
    {
        float[] vector = new float[length];
        new RandomStream(seed, _tensors++).Fill(0, VectorDeviation, vector);
        TensorPrimitives.Add(vector, mean, vector);
        return vector;
    }

    /// <summary>A matrix whose values come with <see cref="Fill"/>.</summary>
    public WeightTensor Matrix(int rows, int columns, double deviation)
    {
        RandomStream stream = new(seed, _tensors++);
        int rowBytes = (int)type.Bytes(columns);
        int mostRows = Math.Max(1, MaxSegmentBytes / rowBytes);
        List<WeightSegment> segments = [];
        for (int first = 0; first < rows; first += mostRows)
        {
            int count = Math.Min(mostRows, rows - first);
            byte[] bytes = GC.AllocateUninitializedArray<byte>(count * rowBytes);
            segments.Add(new WeightSegment(new CopiedWeights(bytes), 0, count));
            int values = count * columns;
            for (int start = 0; start < values; start += PieceValues)
            {
                _pieces.Add(new Piece(stream, ((long)first * columns) + start, bytes, start, Math.Min(PieceValues, values - start), deviation));
            }
        }

        return new WeightTensor(type, rows, columns, segments);
    }

    /// <summary>Draws the values of all matrices asked for.</summary>
    public void Fill()
    {
        Parallel.ForEach(_pieces, piece => piece.Fill(type));
        _pieces.Clear();
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
