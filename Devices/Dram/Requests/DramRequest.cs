namespace PimSim.Devices.Dram.Requests;

/// <summary>One access of a memory: a burst of one bank.</summary>
/// <param name="Id">Number in the trace, from 0.</param>
/// <param name="ArrivalCycle">The first cycle in which it is offered to the controller.</param>
/// <param name="Channel">Channel.</param>
/// <param name="Bank">Bank of the channel, numbered through (<see cref="DramOrganization"/>).</param>
/// <param name="Row">Row of the bank.</param>
/// <param name="Column">Burst of the row.</param>
/// <param name="IsWrite">Write or read.</param>
public readonly record struct DramRequest(long Id, long ArrivalCycle, int Channel, int Bank, int Row, int Column, bool IsWrite);

/// <summary>A stream of requests in the order in which they are offered.</summary>
public interface IRequestSource : IDisposable
{
    /// <summary>Fills the span from its start. Returns how many requests were read; 0 at the end.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">The trace is malformed at the line that the message names.</exception>
    int Read(Span<DramRequest> requests);
}
