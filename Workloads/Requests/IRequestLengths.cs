using PimSim.Traces.Format.Requests;

namespace PimSim.Workloads.Requests;

/// <summary>How long requests are.</summary>
public interface IRequestLengths
{
    /// <summary>There is always another one.</summary>
    bool Endless { get; }

    /// <summary>Requests whose arrivals mean nothing yet. The same seed gives the same requests.</summary>
    IEnumerable<Request> Requests(ulong seed);
}
