namespace PimSim.Devices.Dram.Controller;

/// <summary>Writes requests as CSV, <c>id,accepted,done</c>, in the order of their numbers. Completions are held back only while an
/// older request is not done.</summary>
public sealed class DramLatencyCsv : IDisposable
{
    private const int FirstCapacity = 1024;

    private readonly CsvBytes _csv;
    private (long Accepted, long Done)[] _waiting = new (long, long)[FirstCapacity];
    private long _next;

    /// <summary>Starts with the header.</summary>
    public DramLatencyCsv(Stream stream)
    {
        _csv = new CsvBytes(stream);
        _csv.Word("id,accepted,done"u8, (byte)'\n');
        Array.Fill(_waiting, (0, -1));
    }

    /// <summary>Takes a completion.</summary>
    public void Add(long id, long acceptedCycle, long doneCycle)
    {
        while (id - _next >= _waiting.Length)
        {
            Grow();
        }

        _waiting[id & (_waiting.Length - 1)] = (acceptedCycle, doneCycle);
        while (_waiting[_next & (_waiting.Length - 1)] is { Done: >= 0 } ready)
        {
            _waiting[_next & (_waiting.Length - 1)] = (0, -1);
            _csv.Number(_next++, (byte)',');
            _csv.Number(ready.Accepted, (byte)',');
            _csv.Number(ready.Done, (byte)'\n');
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _csv.Dispose();

    private void Grow()
    {
        (long Accepted, long Done)[] larger = new (long, long)[2 * _waiting.Length];
        Array.Fill(larger, (0, -1));
        for (long id = _next; id < _next + _waiting.Length; id++)
        {
            larger[id & (larger.Length - 1)] = _waiting[id & (_waiting.Length - 1)];
        }

        _waiting = larger;
    }
}

/// <summary>Hands what a channel does to the traces that are wanted.</summary>
public sealed class DramTraceObserver(int channel, DramCommandCsv? commands, DramLatencyCsv? latencies) : IDramObserver
{
    /// <inheritdoc/>
    public void OnCommand(long cycle, DramCommand command, int bank, int row, int column) => commands?.Add(channel, cycle, command, bank, row, column);

    /// <inheritdoc/>
    public void OnCompletion(long id, long acceptedCycle, long doneCycle) => latencies?.Add(id, acceptedCycle, doneCycle);
}
