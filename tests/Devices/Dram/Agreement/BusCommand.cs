using PimSim.Devices.Dram;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>A command on the bus, by what two simulators can agree on: -1 for a row or burst that the command does not carry.</summary>
internal readonly record struct BusCommand(long Cycle, DramCommand Command, int Bank, int Row, int Column)
{
    public bool IsPrecharge => Command is DramCommand.PRE or DramCommand.PREA;

    /// <summary>By cycle; of two buses, the row command first.</summary>
    public static int InOrder(BusCommand first, BusCommand second) =>
        (first.Cycle, first.Command.IsColumn()).CompareTo((second.Cycle, second.Command.IsColumn()));
}

/// <summary>When a request was accepted, and when its last data passed the bus.</summary>
internal readonly record struct Service(long Accepted, long Done);
