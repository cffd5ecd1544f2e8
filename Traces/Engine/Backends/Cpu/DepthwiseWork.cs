using System.Numerics.Tensors;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>A convolution with one filter for each channel: taps from the first to the last, all channels at once, then the bias.</summary>
internal sealed class DepthwiseWork : ParallelWork
{
    private const int PieceValues = 8192;

    // Tap by tap, so that the channels of a tap lie side by side.
    private float[] _filters = [];
    private float[] _filter = [];
    private ConvolutionWeights _weights = null!;
    private CpuTensor _input;
    private CpuTensor _result;
    private int _sequences;
    private int _pieceRows;

    /// <summary>Sets the operands.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(ConvolutionWeights weights, CpuTensor input, CpuTensor result, int sequences)
    {
        _weights = weights;
        _input = input;
        _result = result;
        _sequences = sequences;
        _pieceRows = Math.Max(1, PieceValues / result.Columns);
        Decode(weights.Kernel);
        return Pieces(result.Rows, _pieceRows);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        int tokens = _input.Rows / _sequences;
        int results = _result.Rows / _sequences;
        int end = Math.Min((piece + 1) * _pieceRows, _result.Rows);
        for (int row = piece * _pieceRows; row < end; row++)
        {
            (int sequence, int position) = Math.DivRem(row, results);
            Span<float> sums = _result.WritableRow(row);
            sums.Clear();
            for (int tap = 0, token = (position * _weights.Stride) - _weights.Padding; tap < _weights.Taps; tap++, token++)
            {
                if ((uint)token < (uint)tokens)
                {
                    ReadOnlySpan<float> filter = _filters.AsSpan(tap * sums.Length, sums.Length);
                    TensorPrimitives.FusedMultiplyAdd(_input.Row((sequence * tokens) + token), filter, sums, sums);
                }
            }

            if (!_weights.Bias.IsEmpty)
            {
                TensorPrimitives.Add(sums, _weights.Bias.Span, sums);
            }
        }
    }

    private void Decode(WeightTensor kernel)
    {
        int size = checked(kernel.Rows * kernel.Columns);
        if (_filters.Length < size || _filter.Length < kernel.Columns)
        {
            _filters = new float[size];
            _filter = new float[kernel.Columns];
        }

        for (int channel = 0; channel < kernel.Rows; channel++)
        {
            WeightRows.Read(kernel, channel, _filter);
            for (int tap = 0; tap < kernel.Columns; tap++)
            {
                _filters[(tap * kernel.Rows) + channel] = _filter[tap];
            }
        }
    }
}
