namespace PimSim.Devices.Dram.Checking;

/// <summary>One line of a command trace. <paramref name="Rank"/> counts over all pseudo-channels; numbers that the command
/// does not have are -1.</summary>
public readonly record struct TracedCommand(long Cycle, DramCommand Command, int Channel, int Rank, int BankGroup, int Bank, int Row, int Column);
