using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// A product with a matrix of weights, in pieces of consecutive outputs. Weights are read from memory once for all tokens, and decoded in
/// registers for few tokens or into a strip that stays in cache for many.
/// </summary>
internal sealed class LinearWork(int threads) : ParallelWork
{
    private const int PieceBytes = 64 * 1024;

    // Rows decoded at once for many tokens: multiplies 4 x 4, and 16 rows of 4096 columns are a quarter of a megabyte.
    private const int StripRows = 16;

    private readonly float[][] _strips = new float[threads][];
    private CpuMatrix _matrix = null!;
    private WeightTensor _weights = null!;
    private CpuTensor _input;
    private CpuTensor _result;
    private int _pieceRows;

    /// <summary>Sets the operands.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuMatrix matrix, CpuTensor input, CpuTensor result)
    {
        _matrix = matrix;
        _weights = matrix.Weights;
        _input = input;
        _result = result;
        int rows = Math.Max(1, PieceBytes / Math.Max(1, _weights.RowBytes));
        _pieceRows = (rows + StripRows - 1) / StripRows * StripRows;
        return Pieces(_weights.Rows, _pieceRows);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        int first = piece * _pieceRows;
        int end = Math.Min(first + _pieceRows, _weights.Rows);
        int segmentFirst = 0;
        foreach (WeightSegment segment in _matrix.Segments)
        {
            int from = Math.Max(first, segmentFirst);
            int to = Math.Min(end, segmentFirst + segment.Rows);
            if (from < to)
            {
                ReadOnlySpan<byte> bytes = segment.Memory.Bytes(segment.Offset + ((long)(from - segmentFirst) * _weights.RowBytes), (to - from) * _weights.RowBytes);
                Multiply(bytes, from, to - from, worker);
            }

            segmentFirst += segment.Rows;
        }

        if (_matrix.Bias.Length > 0)
        {
            ReadOnlySpan<float> bias = _matrix.Bias.AsSpan(first..end);
            for (int token = 0; token < _input.Rows; token++)
            {
                Span<float> sums = _result.WritableRow(token)[first..end];
                TensorPrimitives.Add(sums, bias, sums);
            }
        }
    }

    private void Multiply(ReadOnlySpan<byte> bytes, int firstRow, int rows, int worker)
    {
        switch (_weights.Type)
        {
            case DataType.Fp32:
                MultiplySingles(MemoryMarshal.Cast<byte, float>(bytes), firstRow, rows);
                break;
            case DataType.Fp16:
                Multiply<Fp16Decoder>(bytes, firstRow, rows, worker);
                break;
            case DataType.Bf16:
                Multiply<Bf16Decoder>(bytes, firstRow, rows, worker);
                break;
            case DataType.Int8:
                Multiply<Int8Decoder>(bytes, firstRow, rows, worker);
                break;
            case DataType.Int4:
                Multiply<Int4Decoder>(bytes, firstRow, rows, worker);
                break;
            default:
                throw new NotSupportedException($"weights of {_weights.Type}");
        }
    }

    private void Multiply<TDecoder>(ReadOnlySpan<byte> bytes, int firstRow, int rows, int worker)
        where TDecoder : struct, IWeightDecoder
    {
        if (_input.Rows < RowProducts.TokensAtOnce && (!TDecoder.Scaled || RowProducts.Direct(_weights.GroupSize)))
        {
            MultiplyStored<TDecoder>(bytes, firstRow, rows);
            return;
        }

        int columns = _weights.Columns;
        int groups = TDecoder.Scaled ? columns / _weights.GroupSize : 0;
        Span<float> strip = Strip(worker, columns);
        for (int done = 0; done < rows; done += StripRows)
        {
            int count = Math.Min(StripRows, rows - done);
            for (int row = 0; row < count; row++)
            {
                ReadOnlySpan<float> scales = TDecoder.Scaled ? _weights.Scales.Span.Slice((firstRow + done + row) * groups, groups) : default;
                RowProducts.Decode<TDecoder>(ref MemoryMarshal.GetReference(bytes[((done + row) * _weights.RowBytes)..]), scales, _weights.GroupSize, strip.Slice(row * columns, columns));
            }

            MultiplySingles(strip[..(count * columns)], firstRow + done, count);
        }
    }

    private Span<float> Strip(int worker, int columns)
    {
        if (_strips[worker] is null || _strips[worker].Length < StripRows * columns)
        {
            _strips[worker] = GC.AllocateUninitializedArray<float>(StripRows * columns);
        }

        return _strips[worker];
    }

    private void MultiplyStored<TDecoder>(ReadOnlySpan<byte> bytes, int firstRow, int rows)
        where TDecoder : struct, IWeightDecoder
    {
        int columns = _weights.Columns;
        int groups = TDecoder.Scaled ? columns / _weights.GroupSize : 0;
        nuint rowBytes = (nuint)_weights.RowBytes;
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        ref float scales = ref MemoryMarshal.GetReference(_weights.Scales.Span);
        int row = 0;
        for (; row <= rows - RowProducts.RowsAtOnce; row += RowProducts.RowsAtOnce)
        {
            ref byte weights = ref Unsafe.Add(ref start, (nuint)row * rowBytes);
            ref float rowScales = ref Unsafe.Add(ref scales, (firstRow + row) * groups);
            for (int token = 0; token < _input.Rows; token++)
            {
                RowProducts.FourByOne<TDecoder>(
                    ref weights, rowBytes, ref rowScales, _weights.GroupSize, ref MemoryMarshal.GetReference(_input.From(token)), columns, ref _result.WritableRow(token)[firstRow + row]);
            }
        }

        for (; row < rows; row++)
        {
            ref byte weights = ref Unsafe.Add(ref start, (nuint)row * rowBytes);
            ref float rowScales = ref Unsafe.Add(ref scales, (firstRow + row) * groups);
            for (int token = 0; token < _input.Rows; token++)
            {
                _result.WritableRow(token)[firstRow + row] =
                    RowProducts.OneByOne<TDecoder>(ref weights, ref rowScales, _weights.GroupSize, ref MemoryMarshal.GetReference(_input.From(token)), columns);
            }
        }
    }

    private void MultiplySingles(ReadOnlySpan<float> weights, int firstRow, int rows)
    {
        int columns = _weights.Columns;
        int token = 0;
        for (int strip = 0; strip < rows; strip += StripRows)
        {
            int stripEnd = Math.Min(rows, strip + StripRows);
            int blocked = strip + ((stripEnd - strip) / RowProducts.RowsAtOnce * RowProducts.RowsAtOnce);
            for (token = 0; token <= _input.Rows - RowProducts.TokensAtOnce; token += RowProducts.TokensAtOnce)
            {
                ref float tokens = ref MemoryMarshal.GetReference(_input.From(token));
                Span<float> results = _result.From(token);
                for (int row = strip; row < blocked; row += RowProducts.RowsAtOnce)
                {
                    ref float block = ref MemoryMarshal.GetReference(weights[(row * columns)..]);
                    RowProducts.FourByFour(ref block, (nuint)columns, ref tokens, (nuint)_input.RowStride, columns, ref results[firstRow + row], (nuint)_result.RowStride);
                }
            }
        }

        MultiplyRest(weights, firstRow, rows, token);
    }

    /// <summary>What the blocks of <see cref="MultiplySingles"/> left over: the last rows for all tokens, the last tokens for all rows.</summary>
    private void MultiplyRest(ReadOnlySpan<float> weights, int firstRow, int rows, int firstToken)
    {
        int columns = _weights.Columns;
        int blocked = rows / RowProducts.RowsAtOnce * RowProducts.RowsAtOnce;
        for (int row = 0; row < blocked && firstToken < _input.Rows; row += RowProducts.RowsAtOnce)
        {
            ref byte block = ref Unsafe.As<float, byte>(ref MemoryMarshal.GetReference(weights[(row * columns)..]));
            for (int token = firstToken; token < _input.Rows; token++)
            {
                RowProducts.FourByOne<Fp32Decoder>(
                    ref block, (nuint)columns * sizeof(float), ref Unsafe.NullRef<float>(), 0, ref MemoryMarshal.GetReference(_input.From(token)), columns, ref _result.WritableRow(token)[firstRow + row]);
            }
        }

        for (int row = blocked; row < rows; row++)
        {
            ref byte single = ref Unsafe.As<float, byte>(ref MemoryMarshal.GetReference(weights[(row * columns)..]));
            for (int token = 0; token < _input.Rows; token++)
            {
                _result.WritableRow(token)[firstRow + row] =
                    RowProducts.OneByOne<Fp32Decoder>(ref single, ref Unsafe.NullRef<float>(), 0, ref MemoryMarshal.GetReference(_input.From(token)), columns);
            }
        }
    }
}
