using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;

namespace PimSim.Workloads.Requests;

/// <summary>The requests of a trace in its order, with prefix blocks, session and model, read while they are consumed.</summary>
/// <param name="trace">The trace.</param>
public sealed class RecordedLengths(IRequestSource trace) : IRequestLengths
{
    /// <inheritdoc/>
    public bool Endless => false;

    /// <inheritdoc/>
    /// <exception cref="PimSimUserException">The trace is empty or has a negative length; while it is consumed.</exception>
    public IEnumerable<Request> Requests(ulong seed)
    {
        long count = 0;
        foreach (Request request in trace.Requests())
        {
            count++;
            if (request.InputTokens < 0 || request.OutputTokens < 0)
            {
                throw new PimSimUserException($"request {count} of the trace has {request.InputTokens} prompt tokens and {request.OutputTokens} generated ones; 0 or more is possible");
            }

            yield return request;
        }

        if (count == 0)
        {
            throw new PimSimUserException("the request trace is empty; lengths need one request at least");
        }
    }
}
