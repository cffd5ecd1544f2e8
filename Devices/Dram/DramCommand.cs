namespace PimSim.Devices.Dram;

/// <summary>
/// Commands of a DRAM channel, with or without processing in memory, under their JEDEC and AiM names (AiM controller command
/// set, docs/pim.md). Members are capitalised as on the bus and in command traces.
/// </summary>
public enum DramCommand : byte
{
    /// <summary>Opens a row of one bank.</summary>
    ACT,

    /// <summary>Closes the row of one bank.</summary>
    PRE,

    /// <summary>Reads one column access of an open row.</summary>
    RD,

    /// <summary>Writes one column access of an open row.</summary>
    WR,

    /// <summary>Reads one column access of an open row and closes the bank.</summary>
    RDA,

    /// <summary>Writes one column access of an open row and closes the bank.</summary>
    WRA,

    /// <summary>Refreshes one bank.</summary>
    REFpb,

    /// <summary>Multiply-accumulates one column access of one bank with the global buffer.</summary>
    MACSB,

    /// <summary>Copies one column access from a bank to the global buffer.</summary>
    RDCP,

    /// <summary>Copies one column access from the global buffer to a bank.</summary>
    WRCP,

    /// <summary>Opens the same row of all banks.</summary>
    ACT16,

    /// <summary>Closes all banks.</summary>
    PREA,

    /// <summary>Multiply-accumulates one column access of every bank with the global buffer.</summary>
    MACAB,

    /// <summary>Applies the activation function to the MAC results by table look-up in an open row.</summary>
    AF,

    /// <summary>Multiplies elementwise between banks of a group.</summary>
    EWMUL,

    /// <summary>Writes one column access of all banks and closes them.</summary>
    WRBK,

    /// <summary>Refreshes all banks.</summary>
    REFab,

    /// <summary>Refreshes the bank of one number in every bank group; the command names it by group 0.</summary>
    REFsb,

    /// <summary>Writes one column access of the global buffer.</summary>
    WRGB,

    /// <summary>Sets the MAC accumulators of all banks.</summary>
    WRBIAS,

    /// <summary>Reads one accumulator of every bank.</summary>
    RDMAC,

    /// <summary>Reads one activation result of every bank.</summary>
    RDAF,

    /// <summary>Enters the mode without DRAM access, in which buffers and accumulators are reached.</summary>
    NDME,

    /// <summary>Leaves that mode.</summary>
    NDMX,
}

/// <summary>What a command addresses and needs.</summary>
public static class DramCommands
{
    /// <summary>Number of commands.</summary>
    public const int Count = (int)DramCommand.NDMX + 1;

    /// <summary>Commands below this one address a single bank.</summary>
    private const DramCommand FirstAllBank = DramCommand.ACT16;

    private static readonly string[] AllNames = ReadNames();

    /// <summary>Names as in traces.</summary>
    public static IReadOnlyCollection<string> Names => AllNames;

    /// <summary>The number of commands that address a single bank.</summary>
    public static int SingleBankCount => (int)FirstAllBank;

    /// <summary>The name as in traces.</summary>
    public static string Name(this DramCommand command) => AllNames[(int)command];

    /// <summary>Finds the command of a name.</summary>
    public static bool TryParse(string name, out DramCommand command)
    {
        int index = Array.IndexOf(AllNames, name);
        command = (DramCommand)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>True if the command addresses one bank; otherwise it concerns all banks or none.</summary>
    public static bool IsSingleBank(this DramCommand command) => command < FirstAllBank;

    /// <summary>True if the command reads or writes a column of one bank over the pins: the commands of HBM's column bus.</summary>
    public static bool IsColumn(this DramCommand command) => command is DramCommand.RD or DramCommand.WR or DramCommand.RDA or DramCommand.WRA;

    /// <summary>True if the command reaches buffers and accumulators and not the banks.</summary>
    public static bool NeedsNonDramMode(this DramCommand command) =>
        command is DramCommand.WRGB or DramCommand.WRBIAS or DramCommand.RDMAC or DramCommand.RDAF;

    private static string[] ReadNames()
    {
        string[] names = new string[Count];
        for (int command = 0; command < Count; command++)
        {
            names[command] = ((DramCommand)command).ToString();
        }

        return names;
    }
}
