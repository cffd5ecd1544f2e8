using System.Numerics.Tensors;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>The feed-forward nonlinearity, in pieces of one token and 2048 channels.</summary>
internal sealed class ActivationWork(ActivationKind kind, bool geluByTanh) : ParallelWork
{
    private const int PieceChannels = 2048;

    private CpuTensor _input;
    private CpuTensor _result;
    private int _rowPieces;

    /// <summary>Sets the operands.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuTensor input, CpuTensor result)
    {
        _input = input;
        _result = result;
        _rowPieces = Pieces(result.Columns, PieceChannels);
        return checked(_rowPieces * input.Rows);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        (int row, int part) = Math.DivRem(piece, _rowPieces);
        int start = part * PieceChannels;
        int length = Math.Min(PieceChannels, _result.Columns - start);
        ReadOnlySpan<float> input = _input.Row(row);
        ReadOnlySpan<float> first = input.Slice(start, length);
        Span<float> result = _result.WritableRow(row).Slice(start, length);
        switch (kind)
        {
            case ActivationKind.Relu:
                TensorPrimitives.Max(first, 0, result);
                break;
            case ActivationKind.Gelu:
                ApplyGelu(first, result);
                break;
            case ActivationKind.GeGlu:
                ApplyGelu(first, result);
                TensorPrimitives.Multiply(result, input.Slice(_result.Columns + start, length), result);
                break;
            case ActivationKind.SwiGlu:
                TensorPrimitives.Sigmoid(first, result);
                TensorPrimitives.Multiply(result, first, result);
                TensorPrimitives.Multiply(result, input.Slice(_result.Columns + start, length), result);
                break;
            default:
                throw new NotSupportedException($"activation {kind}");
        }
    }

    private void ApplyGelu(ReadOnlySpan<float> x, Span<float> result)
    {
        if (geluByTanh)
        {
            Gelu.ByTanh(x, result);
        }
        else
        {
            Gelu.ByErrorFunction(x, result);
        }
    }
}
