using PimSim.Devices.Dram;
using PimSim.Devices.Pim;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

/// <summary>One result in an accumulator: the vector piece it was formed with, and the columns that it was formed from.</summary>
/// <param name="Load">Which load of the buffer, from 0.</param>
/// <param name="Offset">First column of the buffer used.</param>
/// <param name="FirstColumn">First column access of the banks, counted over rows.</param>
/// <param name="Columns">How many.</param>
internal readonly record struct WalkedResult(int Load, int Offset, long FirstColumn, int Columns);

/// <summary>
/// Follows a channel's program and holds it to what the hardware can do: a buffer of limited length that must be loaded,
/// accumulators that are used one after another and must be read before they are used again. A stream uses the buffer from
/// its beginning to its end, over and over.
/// </summary>
internal sealed class ProgramWalk
{
    private readonly PimMemory _memory;
    private readonly Func<int, int, int> _columnsOfResult;
    private int _outstanding;

    /// <summary>Walks a program.</summary>
    /// <param name="memory">The hardware.</param>
    /// <param name="program">One channel's instructions.</param>
    /// <param name="columnsOfResult">Columns that one accumulator sums up, given the number of the load and its length.</param>
    public ProgramWalk(PimMemory memory, ReadOnlySpan<PimInstruction> program, Func<int, int, int> columnsOfResult)
    {
        _memory = memory;
        _columnsOfResult = columnsOfResult;
        foreach (PimInstruction instruction in program)
        {
            Follow(instruction);
        }

        Assert.Equal(0, _outstanding);
        if (program.Length > 0)
        {
            Assert.Equal(PimOpcode.Close, program[^1].Opcode);
        }
    }

    /// <summary>All results in the order in which they are read.</summary>
    public List<WalkedResult> Results { get; } = [];

    /// <summary>Lengths of the buffer loads, in column accesses.</summary>
    public List<int> Loads { get; } = [];

    /// <summary>Columns multiplied.</summary>
    public long MacColumns { get; private set; }

    /// <summary>Number of results of each read-out, and the last load before it.</summary>
    public List<(int Load, int Count)> ReadOuts { get; } = [];

    /// <summary>Results read.</summary>
    public long ResultsRead { get; private set; }

    private void Follow(PimInstruction instruction)
    {
        switch (instruction.Opcode, instruction.Command)
        {
            case (PimOpcode.Transfer, DramCommand.WRGB):
                Assert.InRange(instruction.Count, 1, _memory.GlobalBufferBytes / _memory.Channel.Organization.AccessBytes);
                Loads.Add(instruction.Count);
                break;
            case (PimOpcode.Transfer, DramCommand.RDMAC):
                Assert.Equal(_outstanding, instruction.Count);
                ResultsRead += instruction.Count;
                ReadOuts.Add((Loads.Count - 1, instruction.Count));
                _outstanding = 0;
                break;
            case (PimOpcode.Stream, DramCommand.MACAB):
                Multiply(instruction);
                break;
            default:
                Assert.Equal(PimOpcode.Close, instruction.Opcode);
                break;
        }
    }

    private void Multiply(PimInstruction stream)
    {
        Assert.NotEmpty(Loads);
        Assert.InRange(stream.Column, 0, _memory.Channel.Organization.ColumnsPerRow - 1);
        MacColumns += stream.Count;
        int length = Loads[^1];
        int columns = _columnsOfResult(Loads.Count - 1, length);
        long first = ((long)stream.Row * _memory.Channel.Organization.ColumnsPerRow) + stream.Column;
        Assert.Equal(0, stream.Count % columns);
        for (int done = 0; done < stream.Count; done += columns)
        {
            WalkedResult last = Results.Count > 0 ? Results[^1] : default;
            int offset = Results.Count > 0 && last.Load == Loads.Count - 1 ? (last.Offset + last.Columns) % length : 0;
            Results.Add(new WalkedResult(Loads.Count - 1, offset, first + done, columns));
            _outstanding++;
        }

        // More results than accumulators: one was overwritten before it was read.
        Assert.InRange(_outstanding, 1, _memory.AccumulatorsPerBank);
    }
}
