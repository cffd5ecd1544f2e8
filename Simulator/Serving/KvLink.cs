using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;

namespace PimSim.Simulator.Serving;

/// <summary>A link that carries keys and values: bytes / bandwidth + latency, one transfer at a time, in the order of request.</summary>
public sealed record KvLink
{
    private const double PicosecondsPerSecond = 1e12;

    /// <summary>Creates a link.</summary>
    public KvLink(double bytesPerSecond, Picoseconds latency)
    {
        if (!(bytesPerSecond > 0) || !double.IsFinite(bytesPerSecond) || latency < Picoseconds.Zero)
        {
            throw new PimSimUserException(FormattableString.Invariant($"KV link: {bytesPerSecond} bytes/s and {latency} latency; a bandwidth above 0 and a latency of 0 or more are needed"));
        }

        BytesPerSecond = bytesPerSecond;
        Latency = latency;
    }

    /// <summary>Bandwidth in one direction.</summary>
    public double BytesPerSecond { get; }

    /// <summary>From the last byte sent to the last received.</summary>
    public Picoseconds Latency { get; }

    /// <summary>How long a transfer occupies the link, without the latency; whole picoseconds, rounded up.</summary>
    public Picoseconds Occupation(long bytes) => new(checked((long)Math.Ceiling(bytes * (PicosecondsPerSecond / BytesPerSecond))));
}
