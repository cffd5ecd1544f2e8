namespace PimSim.Devices.Dram.Checking;

/// <summary>No two commands on one bus at a time. Of split buses the row bus carries activate, precharge and refresh, the
/// column bus all else.</summary>
internal sealed class CommandBusCheck(DramSpecification specification)
{
    public const string Rule = "command bus";

    private readonly long[] _freeFrom = new long[2];

    public void Check(in CheckedCommand command, List<Fault> faults)
    {
        long freeFrom = _freeFrom[BusOf(command.Command)];
        if (command.Cycle < freeFrom)
        {
            faults.Add(new Fault(Rule, $"the bus is occupied until cycle {freeFrom}"));
        }
    }

    public void Note(in CheckedCommand command) =>
        _freeFrom[BusOf(command.Command)] = command.Cycle + specification.CommandCycles[(int)command.Command];

    private int BusOf(DramCommand command) => specification.Bus == CommandBus.Shared || IsRowCommand(command) ? 0 : 1;

    private static bool IsRowCommand(DramCommand command) => command is DramCommand.ACT or DramCommand.ACT16 or DramCommand.PRE
        or DramCommand.PREA or DramCommand.REFab or DramCommand.REFpb or DramCommand.REFsb;
}
