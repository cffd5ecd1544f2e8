using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Requests;

namespace PimSim.Simulator.Serving.Arrivals;

/// <summary>Says when which request arrives. Belongs to one simulation; whoever made it disposes of it.</summary>
public interface IArrivalSource : IDisposable
{
    /// <summary>Called once, at time 0.</summary>
    void Start(IArrivalSink sink);

    /// <summary>Called when a request has arrived.</summary>
    void Arrived(IArrivalSink sink);

    /// <summary>Called when a request has finished or was rejected.</summary>
    void Ended(Picoseconds now, IArrivalSink sink);
}

/// <summary>Where arrivals are announced.</summary>
public interface IArrivalSink
{
    /// <summary>Announces an arrival, now or later.</summary>
    void Announce(Picoseconds time, in Request request);
}
