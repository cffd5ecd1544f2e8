using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>What the channel's sequencer does with an instruction.</summary>
public enum PimOpcode : byte
{
    /// <summary>Issues a column command on consecutive column accesses, opening rows as needed.</summary>
    Stream,

    /// <summary>Writes the same column access of a row of every bank, for several rows.</summary>
    WriteColumns,

    /// <summary>Issues a command that needs no row, changing the mode as needed.</summary>
    Transfer,

    /// <summary>Closes all banks and leaves the non-DRAM mode.</summary>
    Close,
}

/// <summary>
/// One instruction of a channel's sequencer: a run of equal commands. Rows are relative to a base row given when the
/// program runs, so that the equal layers of a model share one program.
/// </summary>
/// <param name="Opcode">What to do.</param>
/// <param name="Command">The command repeated.</param>
/// <param name="Bank">Bank of a single-bank command, otherwise 0.</param>
/// <param name="Row">First row, relative.</param>
/// <param name="Column">First column access in that row.</param>
/// <param name="Count">Number of commands; of rows for <see cref="PimOpcode.WriteColumns"/>.</param>
/// <param name="RowStride">From one row to the next.</param>
public readonly record struct PimInstruction(PimOpcode Opcode, DramCommand Command, int Bank, int Row, int Column, int Count, int RowStride = 1)
{
    /// <summary>A stream of an all-bank command.</summary>
    public static PimInstruction Stream(DramCommand command, int row, int column, int count) => new(PimOpcode.Stream, command, 0, row, column, count);

    /// <summary>A stream of a single-bank command.</summary>
    public static PimInstruction StreamBank(DramCommand command, int bank, int row, int column, int count) => new(PimOpcode.Stream, command, bank, row, column, count);

    /// <summary>One column access written in every bank, for <paramref name="rows"/> rows.</summary>
    public static PimInstruction WriteColumns(int row, int rowStride, int rows, int column) => new(PimOpcode.WriteColumns, DramCommand.WR, 0, row, column, rows, rowStride);

    /// <summary>A run of commands without row.</summary>
    public static PimInstruction Transfer(DramCommand command, int count) => new(PimOpcode.Transfer, command, 0, 0, 0, count);

    /// <summary>Closes all banks and leaves the non-DRAM mode.</summary>
    public static PimInstruction Close() => new(PimOpcode.Close, DramCommand.PREA, 0, 0, 0, 1);
}
