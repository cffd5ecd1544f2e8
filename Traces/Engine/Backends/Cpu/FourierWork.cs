namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Fourier transforms of real signals, in pieces of whole signals: rows, or channels over the tokens of a sequence.</summary>
internal sealed class FourierWork(int threads) : ParallelWork
{
    private const int PieceValues = 8192;

    private readonly double[][] _scratch = new double[threads][];
    private FourierPlan? _plan;
    private CpuTensor _input;
    private CpuTensor _result;
    private int _sequences;
    private int _signals;
    private int _pieceSignals;

    /// <summary>Sets the operands.</summary>
    /// <param name="input">Signals.</param>
    /// <param name="result">Complex numbers.</param>
    /// <param name="sequences">Sequences whose tokens are transformed; 0 to transform the channels of each row.</param>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuTensor input, CpuTensor result, int sequences)
    {
        int length = sequences == 0 ? input.Columns : input.Rows / sequences;
        if (_plan?.Length != length)
        {
            _plan = new FourierPlan(length);
        }

        _input = input;
        _result = result;
        _sequences = sequences;
        _signals = sequences == 0 ? input.Rows : checked(sequences * input.Columns);
        _pieceSignals = Math.Max(1, PieceValues / length);
        return Pieces(_signals, _pieceSignals);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        FourierPlan plan = _plan!;
        if (_scratch[worker] is null || _scratch[worker].Length < 2 * plan.Size)
        {
            _scratch[worker] = new double[2 * plan.Size];
        }

        Span<double> real = _scratch[worker].AsSpan(0, plan.Size);
        Span<double> imaginary = _scratch[worker].AsSpan(plan.Size, plan.Size);
        int end = Math.Min((piece + 1) * _pieceSignals, _signals);
        for (int signal = piece * _pieceSignals; signal < end; signal++)
        {
            Place source = SourceOf(signal, plan.Length);
            ReadOnlySpan<float> input = _input.From(source.Row)[source.Column..];
            for (int index = 0; index < plan.Length; index++)
            {
                real[index] = input[index * source.Step];
            }

            imaginary[..plan.Length].Clear();
            plan.Transform(real, imaginary);
            Place target = TargetOf(signal, plan.Length);
            Span<float> result = _result.From(target.Row)[target.Column..];
            for (int index = 0; index <= plan.Length / 2; index++)
            {
                result[index * target.Step] = (float)real[index];
                result[(index * target.Step) + 1] = (float)imaginary[index];
            }
        }
    }

    private Place SourceOf(int signal, int length)
    {
        if (_sequences == 0)
        {
            return new Place(signal, 0, 1);
        }

        (int sequence, int channel) = Math.DivRem(signal, _input.Columns);
        return new Place(sequence * length, channel, _input.RowStride);
    }

    private Place TargetOf(int signal, int length)
    {
        if (_sequences == 0)
        {
            return new Place(signal, 0, 2);
        }

        (int sequence, int channel) = Math.DivRem(signal, _input.Columns);
        return new Place(sequence * ((length / 2) + 1), 2 * channel, _result.RowStride);
    }

    /// <summary>Where a signal begins, and how far it is from one of its values to the next.</summary>
    private readonly record struct Place(int Row, int Column, int Step);
}
