using PimSim.Devices.Links;
using PimSim.Simulator.Kernel;

namespace PimSim.Devices.Offload;

/// <summary>
/// The network between a replica of the model and the attention pool: every device has a connection of its own, in both directions at once.
/// </summary>
public sealed class NetworkPath
{
    private readonly LinkSpecification _link;
    private readonly double _picosecondsPerByte;
    private readonly int _workers;

    /// <summary>Joins a link, its software and the devices at its ends.</summary>
    /// <param name="link">The connection of each device.</param>
    /// <param name="software">What sends.</param>
    /// <param name="workers">Devices of one replica of the model.</param>
    public NetworkPath(LinkSpecification link, NetworkSoftware software, int workers)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(software);
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        _link = link;
        _workers = workers;
        BytesPerSecond = link.BytesPerSecond * Math.Min(software.BandwidthShare, link.Payload);
        _picosecondsPerByte = 1e12 / BytesPerSecond;
        Latency = new Picoseconds(Math.Max(software.RoundTrip.Value / 2, link.Latency.Value));
    }

    /// <summary>What one connection achieves in one direction.</summary>
    public double BytesPerSecond { get; }

    /// <summary>From the start of a message without length until it is there.</summary>
    public Picoseconds Latency { get; }

    /// <summary>How long a message that all devices send or receive a part of occupies the network.</summary>
    /// <param name="bytes">All of it; the devices of the replica have equal parts.</param>
    /// <param name="busiestBytes">The largest part of one device of the pool.</param>
    public Picoseconds Occupancy(long bytes, long busiestBytes) =>
        new((long)Math.Ceiling(Math.Max((double)bytes / _workers, busiestBytes) * _picosecondsPerByte));

    /// <summary>Energy of a message.</summary>
    public Energy EnergyOf(long bytes) => _link.EnergyOf(bytes);
}
