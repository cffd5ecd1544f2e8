using System.Numerics.Tensors;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Rotary position embedding of queries and keys, token by token; values and unrotated channels are copied.</summary>
internal sealed class RopeWork(ModelShape shape, RopePairs pairs) : ParallelWork
{
    private const int PieceValues = 8192;

    private readonly int _half = shape.RotaryWidth / 2;
    private readonly int _pieceTokens = Math.Max(1, PieceValues / shape.QkvWidth);
    private CpuKvCache _cache = null!;
    private CpuTensor _input;
    private CpuTensor _result;

    /// <summary>Sets the operands; the tokens are the newest of the cache.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuKvCache cache, CpuTensor input, CpuTensor result)
    {
        _cache = cache;
        _input = input;
        _result = result;
        return Pieces(input.Rows, _pieceTokens);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        int end = Math.Min((piece + 1) * _pieceTokens, _input.Rows);
        for (int token = piece * _pieceTokens; token < end; token++)
        {
            ReadOnlySpan<float> from = _input.Row(token);
            Span<float> to = _result.WritableRow(token);
            int position = _cache.Position(token, _input.Rows);
            ReadOnlySpan<float> cosines = _cache.Cosines(position);
            ReadOnlySpan<float> sines = _cache.Sines(position);
            from.CopyTo(to);
            for (int head = 0; head < shape.Heads + shape.KvHeads; head++)
            {
                int start = head * shape.HeadDim;
                if (pairs == RopePairs.Halves)
                {
                    Rotate(from.Slice(start, _half), from.Slice(start + _half, _half), cosines, sines, to.Slice(start, _half), to.Slice(start + _half, _half));
                }
                else
                {
                    Rotate(from.Slice(start, 2 * _half), cosines, sines, to.Slice(start, 2 * _half));
                }
            }
        }
    }

    /// <summary>Rotates heads from the first column on; the columns behind them are copied.</summary>
    public static void Rotate(ReadOnlySpan<float> from, Span<float> to, int heads, Rotary rotary, int position)
    {
        (ReadOnlyMemory<float> sines, ReadOnlyMemory<float> cosines) = rotary.At(position);
        int half = rotary.Width / 2;
        from.CopyTo(to);
        for (int head = 0; head < heads; head++)
        {
            int start = head * rotary.HeadDim;
            if (rotary.Pairs == RopePairs.Halves)
            {
                Rotate(from.Slice(start, half), from.Slice(start + half, half), cosines.Span, sines.Span, to.Slice(start, half), to.Slice(start + half, half));
            }
            else
            {
                Rotate(from.Slice(start, 2 * half), cosines.Span, sines.Span, to.Slice(start, 2 * half));
            }
        }
    }

    private static void Rotate(ReadOnlySpan<float> first, ReadOnlySpan<float> second, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, Span<float> newFirst, Span<float> newSecond)
    {
        // newFirst = first cos - second sin; newSecond = second cos + first sin.
        TensorPrimitives.Multiply(second, sines, newFirst);
        TensorPrimitives.Negate(newFirst, newFirst);
        TensorPrimitives.FusedMultiplyAdd(first, cosines, newFirst, newFirst);
        TensorPrimitives.Multiply(first, sines, newSecond);
        TensorPrimitives.FusedMultiplyAdd(second, cosines, newSecond, newSecond);
    }

    private static void Rotate(ReadOnlySpan<float> pairs, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, Span<float> result)
    {
        for (int pair = 0; pair < cosines.Length; pair++)
        {
            float first = pairs[2 * pair];
            float second = pairs[(2 * pair) + 1];
            result[2 * pair] = (first * cosines[pair]) - (second * sines[pair]);
            result[(2 * pair) + 1] = (second * cosines[pair]) + (first * sines[pair]);
        }
    }
}
