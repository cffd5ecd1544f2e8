using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// Channels behind one front end, which offers the requests of a trace in order: at most one a cycle, each from its arrival on
/// and until its channel has room for it. A full channel holds back all that follows.
/// </summary>
public sealed class DramMemorySystem
{
    private const int RequestsAtOnce = 1024;

    private readonly DramController[] _channels;

    /// <summary>Builds the channels.</summary>
    /// <param name="specification">One channel's memory.</param>
    /// <param name="policy">Controller of each.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="observers">Who watches a channel, by its number; null for nobody.</param>
    public DramMemorySystem(DramSpecification specification, ControllerPolicy policy, int channels, Func<int, IDramObserver?> observers)
    {
        LaneTimings timings = new(specification);
        _channels = [.. Enumerable.Range(0, channels).Select(channel => new DramController(specification, policy, observers(channel), Scan.ByLoad, timings))];
    }

    /// <summary>Requests accepted so far.</summary>
    public long Requests { get; private set; }

    /// <summary>Simulates a trace to its end. Returns what each channel did.</summary>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public IReadOnlyList<ChannelStatistics> Run(IRequestSource source, CancellationToken cancellation)
    {
        DramRequest[] requests = new DramRequest[RequestsAtOnce];
        long next = 0;
        int count;
        while ((count = source.Read(requests)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (ref readonly DramRequest request in requests.AsSpan(0, count))
            {
                next = _channels[request.Channel].Accept(request, Math.Max(request.ArrivalCycle, next)) + 1;
            }

            Requests += count;
        }

        return [.. _channels.Select(channel => channel.Finish())];
    }
}
