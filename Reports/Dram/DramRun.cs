using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;

namespace PimSim.Reports.Dram;

/// <summary>A finished run of a memory system, with what it was made from.</summary>
/// <param name="Trace">The trace as the user named it.</param>
/// <param name="Setup">Memory, controller and mapping.</param>
/// <param name="Channels">What each channel did.</param>
/// <param name="Version">PimSim's version.</param>
public sealed record DramRun(string Trace, DramSetup Setup, IReadOnlyList<ChannelStatistics> Channels, string Version)
{
    /// <summary>Cycles until the last channel was done.</summary>
    public long Cycles => Channels.Max(channel => channel.Cycles);

    /// <summary>Length in seconds.</summary>
    public double Seconds => Cycles * Setup.Memory.ClockPs * 1e-12;

    /// <summary>Bytes per second of all data buses when every cycle carries data.</summary>
    public double PeakBytesPerSecond
    {
        get
        {
            DramSpecification memory = Setup.Memory;
            return Channels.Count * memory.Organization.PseudoChannels * (double)memory.Organization.AccessBytes / (memory.BurstCycles * memory.ClockPs * 1e-12);
        }
    }

    /// <summary>Bytes per second that were moved; 0 for an empty run.</summary>
    public double AchievedBytesPerSecond
    {
        get
        {
            long bursts = Channels.Sum(Bursts);
            return Cycles == 0 ? 0 : bursts * (double)Setup.Memory.Organization.AccessBytes / Seconds;
        }
    }

    /// <summary>The energy ledger of each channel; null where the memory has no energies.</summary>
    public IReadOnlyList<DramEnergyLedger>? Energy { get; } =
        Setup.Memory.Power is { } sheet ? [.. Channels.Select(channel => new DramEnergyLedger(channel, sheet))] : null;

    /// <summary>Energy of all channels, in picojoules; null where the memory has no energies.</summary>
    public double? EnergyPj => Energy?.Sum(ledger => ledger.TotalPj);

    /// <summary>Average power of all channels in watts, 0 for an empty run; null where the memory has no energies.</summary>
    public double? AverageWatts => EnergyPj is { } energyPj ? (Cycles == 0 ? 0 : energyPj * 1e-12 / Seconds) : null;

    /// <summary>The latencies of all channels together.</summary>
    public LatencyHistogram Latency(Func<ChannelStatistics, LatencyHistogram> which)
    {
        LatencyHistogram sum = new();
        foreach (ChannelStatistics channel in Channels)
        {
            sum.Add(which(channel));
        }

        return sum;
    }

    /// <summary>
    /// Shares of all bus cycles by <see cref="BusUse"/>, which add up to 1 (to nothing for an empty run). A channel that was done before the last
    /// is idle until then.
    /// </summary>
    public double[] BusShares()
    {
        double[] shares = new double[(int)BusUse.Other + 1];
        double all = (double)Cycles * Setup.Memory.Organization.PseudoChannels * Channels.Count;
        if (all == 0)
        {
            return shares;
        }

        foreach (ChannelStatistics channel in Channels)
        {
            for (int use = 0; use < shares.Length; use++)
            {
                shares[use] += channel.BusCycles[use] / all;
            }

            shares[(int)BusUse.Idle] += (Cycles - channel.Cycles) * Setup.Memory.Organization.PseudoChannels / all;
        }

        return shares;
    }

    private static long Bursts(ChannelStatistics channel) =>
        channel.Commands(DramCommand.RD) + channel.Commands(DramCommand.WR) + channel.Commands(DramCommand.RDA) + channel.Commands(DramCommand.WRA);
}
