namespace PimSim.Devices.Dram.Controller;

/// <summary>Sees what a channel does, in the order of cycles.</summary>
public interface IDramObserver
{
    /// <summary>A command was issued.</summary>
    /// <param name="cycle">Its first cycle on the command bus.</param>
    /// <param name="command">The command.</param>
    /// <param name="bank">Bank of the channel; of a command to several banks the first.</param>
    /// <param name="row">Row of an activation or column command, else -1.</param>
    /// <param name="column">Burst of a column command, else -1.</param>
    void OnCommand(long cycle, DramCommand command, int bank, int row, int column);

    /// <summary>A request's last data passed the bus, or it was answered from the queues.</summary>
    void OnCompletion(long id, long acceptedCycle, long doneCycle);
}
