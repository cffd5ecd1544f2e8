using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>Sees every command of one channel in order. Implemented by structs, so that the channel's hot path is compiled
/// for each of them and a sink that does nothing costs nothing.</summary>
public interface ICommandSink
{
    /// <summary>False if commands need not be reported one by one, which allows runs and periods to be skipped.</summary>
    bool WantsCommands { get; }

    /// <summary>A command was issued. Bank is -1 for a command to all banks or none, row and column -1 where they mean nothing.</summary>
    void OnCommand(long cycle, DramCommand command, int bank, int row, int column);
}

/// <summary>Sees nothing.</summary>
public readonly struct NoSink : ICommandSink
{
    /// <inheritdoc/>
    public bool WantsCommands => false;

    /// <inheritdoc/>
    public void OnCommand(long cycle, DramCommand command, int bank, int row, int column)
    {
    }
}
