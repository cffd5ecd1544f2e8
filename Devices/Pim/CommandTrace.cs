using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;

namespace PimSim.Devices.Pim;

/// <summary>
/// Writes DRAM commands as <see cref="DramCommandCsv"/>, in the order of cycles and, within a
/// cycle, of channels. Commands are held back only until the operation that
/// issued them is over, so memory stays bounded.
/// </summary>
public sealed class CommandTrace : IDisposable
{
    private readonly DramCommandCsv _csv;
    private readonly List<Entry> _pending = [];

    /// <summary>Starts a trace with its header line.</summary>
    public CommandTrace(Stream stream, DramOrganization organization)
    {
        _csv = new DramCommandCsv(stream, organization);
    }

    /// <summary>Takes a command.</summary>
    public void Add(int channel, long cycle, DramCommand command, int bank, int row, int column) =>
        _pending.Add(new Entry(cycle, channel, command, bank, row, column));

    /// <summary>Writes what an operation issued. Channels refresh on their own while they wait, so an entry may be older than
    /// the last one written only within the same idle time.</summary>
    public void EndOperation()
    {
        foreach (Entry entry in _pending.OrderBy(entry => entry.Cycle).ThenBy(entry => entry.Channel))
        {
            _csv.Add(entry.Channel, entry.Cycle, entry.Command, entry.Bank, entry.Row, entry.Column);
        }

        _pending.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        EndOperation();
        _csv.Dispose();
    }

    private readonly record struct Entry(long Cycle, int Channel, DramCommand Command, int Bank, int Row, int Column);
}

/// <summary>Hands one channel's commands to a trace.</summary>
public readonly struct TraceSink(CommandTrace trace, int channel) : ICommandSink
{
    /// <inheritdoc/>
    public bool WantsCommands => true;

    /// <inheritdoc/>
    public void OnCommand(long cycle, DramCommand command, int bank, int row, int column) => trace.Add(channel, cycle, command, bank, row, column);
}

/// <summary>Has every command of one channel checked.</summary>
public readonly struct CheckerSink(TimingChecker checker) : ICommandSink
{
    /// <inheritdoc/>
    public bool WantsCommands => true;

    /// <inheritdoc/>
    public void OnCommand(long cycle, DramCommand command, int bank, int row, int column) => checker.Observe(cycle, command, bank, row, column);
}
