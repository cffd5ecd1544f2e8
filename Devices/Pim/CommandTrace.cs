using System.Globalization;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;

namespace PimSim.Devices.Pim;

/// <summary>
/// Writes DRAM commands as CSV: <c>cycle,cmd,channel,rank,bankgroup,bank,row,col</c>, in the order of cycles and, within a
/// cycle, of channels. Numbers that a command does not have are -1. Commands are held back only until the operation that
/// issued them is over, so memory stays bounded.
/// </summary>
public sealed class CommandTrace : IDisposable
{
    private readonly StreamWriter _writer;
    private readonly List<Entry> _pending = [];
    private readonly int _banksPerGroup;

    /// <summary>Starts a trace with its header line.</summary>
    public CommandTrace(Stream stream, ChannelOrganization organization)
    {
        _writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
        _writer.WriteLine("cycle,cmd,channel,rank,bankgroup,bank,row,col");
        _banksPerGroup = organization.BanksPerGroup;
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
            int group = entry.Bank < 0 ? -1 : entry.Bank / _banksPerGroup;
            int bank = entry.Bank < 0 ? -1 : entry.Bank % _banksPerGroup;
            _writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{entry.Cycle},{entry.Command},{entry.Channel},0,{group},{bank},{entry.Row},{entry.Column}"));
        }

        _pending.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        EndOperation();
        _writer.Dispose();
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
