namespace PimSim.Workloads.Requests;

/// <summary>When requests arrive.</summary>
public interface IArrivals
{
    /// <summary>There is always another one.</summary>
    bool Endless { get; }

    /// <summary>Time goes on: a limit of duration ends the stream.</summary>
    bool Advances { get; }

    /// <summary>Nanoseconds since the first request, which is at 0, in order. The same seed gives the same times.</summary>
    IEnumerable<long> Nanoseconds(ulong seed);
}
