namespace PimSim.Traces.Format.Requests;

/// <summary>A stream of requests, produced while it is consumed.</summary>
public interface IRequestSource
{
    /// <summary>The requests in the order of arrival. Each call starts over and yields the same requests.</summary>
    IEnumerable<Request> Requests();
}
