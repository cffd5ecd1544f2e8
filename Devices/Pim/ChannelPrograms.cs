using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>The programs of all channels for one operation. Channels with the same work share one program.</summary>
public sealed class ChannelPrograms
{
    private readonly PimInstruction[][] _variants;
    private readonly int[] _variantOfChannel;

    /// <summary>Takes one program per channel and keeps the distinct ones.</summary>
    public ChannelPrograms(IReadOnlyList<PimInstruction[]> perChannel)
    {
        List<PimInstruction[]> variants = [];
        _variantOfChannel = new int[perChannel.Count];
        for (int channel = 0; channel < perChannel.Count; channel++)
        {
            PimInstruction[] program = perChannel[channel];
            int variant = variants.FindIndex(known => known.AsSpan().SequenceEqual(program));
            if (variant < 0)
            {
                variant = variants.Count;
                variants.Add(program);
            }

            _variantOfChannel[channel] = variant;
        }

        _variants = [.. variants];
    }

    /// <summary>Instructions of all distinct programs.</summary>
    public int Instructions => _variants.Sum(variant => variant.Length);

    /// <summary>Which of the distinct programs a channel runs.</summary>
    public int VariantOf(int channel) => _variantOfChannel[channel];

    /// <summary>A distinct program.</summary>
    public ReadOnlySpan<PimInstruction> Program(int variant) => _variants[variant];
}

/// <summary>Builds one channel's program, and knows how accumulators fill up and column addresses become rows.</summary>
internal sealed class ProgramBuilder(int columnsPerRow, int accumulators)
{
    private readonly List<PimInstruction> _program = [];
    private long _streamStart;
    private int _streamCount;
    private int _results;

    /// <summary>Loads the global buffer. Streams gathered so far used its old contents and are written out first.</summary>
    public void LoadBuffer(int columns)
    {
        FlushStream();
        _program.Add(PimInstruction.Transfer(DramCommand.WRGB, columns));
    }

    /// <summary>Multiply-accumulates consecutive columns of every bank into the next accumulator; adjoining streams become
    /// one, and full accumulators are read out.</summary>
    public void Accumulate(long firstColumn, int columns)
    {
        if (_streamCount > 0 && _streamStart + _streamCount != firstColumn)
        {
            FlushStream();
        }

        if (_streamCount == 0)
        {
            _streamStart = firstColumn;
        }

        _streamCount += columns;
        if (++_results == accumulators)
        {
            ReadResults();
        }
    }

    /// <summary>Reads the accumulators that hold results.</summary>
    public void ReadResults()
    {
        FlushStream();
        if (_results > 0)
        {
            _program.Add(PimInstruction.Transfer(DramCommand.RDMAC, _results));
            _results = 0;
        }
    }

    /// <summary>Adds an instruction as it is.</summary>
    public void Add(PimInstruction instruction)
    {
        FlushStream();
        _program.Add(instruction);
    }

    /// <summary>Reads what is left, closes all banks and returns the program.</summary>
    public PimInstruction[] Finish()
    {
        ReadResults();
        if (_program.Count > 0)
        {
            _program.Add(PimInstruction.Close());
        }

        return [.. _program];
    }

    private void FlushStream()
    {
        if (_streamCount > 0)
        {
            _program.Add(PimInstruction.Stream(DramCommand.MACAB, (int)(_streamStart / columnsPerRow), (int)(_streamStart % columnsPerRow), _streamCount));
            _streamCount = 0;
        }
    }
}
