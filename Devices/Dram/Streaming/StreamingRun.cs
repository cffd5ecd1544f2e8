using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Mapping;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Dram.Streaming;

/// <summary>
/// One channel under a pattern. Requests come one a cycle for each pseudo-channel, always for the one that has fewer waiting, as
/// from requesters that do not wait for each other: a pseudo-channel that is being refreshed does not stop the others.
/// </summary>
internal sealed class StreamingRun : IDramObserver
{
    private readonly DramController _controller;
    private readonly StreamingTraffic[] _traffic;
    private readonly long[] _waiting;
    private readonly long[] _nextCycle;
    private readonly long _peakBursts;
    private readonly int _interval;
    private long _measuredFrom = long.MaxValue;
    private long _measuredTo;
    private long _bursts;
    private long _accepted;
    private long _requests;

    /// <summary>A channel after reset.</summary>
    /// <param name="memory">Memory.</param>
    /// <param name="policy">Controller.</param>
    /// <param name="pattern">Streams.</param>
    public StreamingRun(DramSpecification memory, ControllerPolicy policy, StreamingPattern pattern)
    {
        int pseudoChannels = memory.Organization.PseudoChannels;
        _controller = new DramController(memory, ForStreaming(policy, pseudoChannels), this);
        AddressMapping mapping = AddressMapping.Parse(policy.Mapping, memory.Organization with { PseudoChannels = 1 }, 1);
        _traffic = [.. Enumerable.Range(0, pseudoChannels).Select(pseudoChannel => new StreamingTraffic(mapping, pattern, pseudoChannel))];
        _waiting = new long[pseudoChannels];
        _nextCycle = new long[pseudoChannels];
        _interval = Interval(memory, policy);
        _peakBursts = (long)_interval / memory.BurstCycles * pseudoChannels;
    }

    /// <summary>Goes on for so many refresh intervals. Returns the data moved in them over what the buses could have moved.</summary>
    public double Measure(int intervals)
    {
        _bursts = 0;
        _measuredFrom = _accepted;
        _measuredTo = _measuredFrom + ((long)intervals * _interval);
        for (int interval = 1; interval <= intervals; interval++)
        {
            Feed(_measuredFrom + ((long)interval * _interval));
            foreach (StreamingTraffic traffic in _traffic)
            {
                traffic.Place();
            }
        }

        return (double)_bursts / (_peakBursts * intervals);
    }

    /// <summary>Serves what waits. Returns what the channel did from its reset on.</summary>
    public ChannelStatistics Finish() => _controller.Finish();

    /// <inheritdoc/>
    public void OnCommand(long cycle, DramCommand command, int bank, int row, int column)
    {
    }

    /// <inheritdoc/>
    public void OnCompletion(long id, long acceptedCycle, long doneCycle)
    {
        _waiting[id % _waiting.Length]--;
        _bursts += doneCycle > _measuredFrom && doneCycle <= _measuredTo ? 1 : 0;
    }

    /// <summary>
    /// The policy with queues of its size for each pseudo-channel, as controllers of HBM have them, and in which every completion
    /// is a burst on the bus.
    /// </summary>
    private static ControllerPolicy ForStreaming(ControllerPolicy policy, int pseudoChannels) => policy with
    {
        ReadQueueSize = policy.ReadQueueSize * pseudoChannels,
        WriteQueueSize = policy.WriteQueueSize * pseudoChannels,
        WriteHighWatermark = policy.WriteHighWatermark * pseudoChannels,
        WriteLowWatermark = policy.WriteLowWatermark * pseudoChannels,
        ForwardsWrites = false,
        MergesWrites = false,
    };

    /// <summary>The cycles over which a channel repeats itself: its refresh interval, in whole bursts.</summary>
    private static int Interval(DramSpecification memory, ControllerPolicy policy)
    {
        const int WithoutRefresh = 4096;
        int interval = policy.Refresh == RefreshCommand.None || memory.Refresh.AllBankInterval == 0 ? WithoutRefresh : memory.Refresh.AllBankInterval;
        return CeilingDivision.Of(interval, memory.BurstCycles) * memory.BurstCycles;
    }

    private void Feed(long until)
    {
        while (_accepted < until)
        {
            int chosen = 0;
            for (int other = 1; other < _waiting.Length; other++)
            {
                chosen = _waiting[other] < _waiting[chosen] ? other : chosen;
            }

            _waiting[chosen]++;
            DramRequest request = _traffic[chosen].Next((_requests++ * _waiting.Length) + chosen);
            _accepted = _controller.Accept(request, Math.Max(_accepted, _nextCycle[chosen]));
            _nextCycle[chosen] = _accepted + 1;
        }
    }
}
