namespace PimSim.Devices.Dram.Checking;

/// <summary>A command with the set of banks that it concerns (<see cref="BankRelations"/>). <paramref name="Bank"/> is one of
/// them.</summary>
internal readonly record struct CheckedCommand(long Cycle, DramCommand Command, int Bank, int Set, int Row, int Column);

/// <summary>What is wrong with a command: the rule that it breaks, and how.</summary>
internal readonly record struct Fault(string Rule, string Detail);
