using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Serving;

/// <summary>Keeps the first requests and iterations of a simulation, so that a long one takes no more memory than a short one.</summary>
internal sealed class KeptRecords : IRequestSink, IIterationSink
{
    /// <summary>Requests in the order of their ends.</summary>
    public List<RequestRecord> Requests { get; } = [];

    /// <summary>Iterations in the order of their starts.</summary>
    public List<IterationRecord> Iterations { get; } = [];

    /// <inheritdoc/>
    public void Finished(in RequestRecord request)
    {
        if (Requests.Count < ServingPoint.MostRequests)
        {
            Requests.Add(request);
        }
    }

    /// <inheritdoc/>
    public void Rejected(in RejectedRequest request)
    {
    }

    /// <inheritdoc/>
    public void Started(in IterationRecord iteration, ReadOnlySpan<SequenceGroup> groups)
    {
        if (Iterations.Count < ServingPoint.MostIterations)
        {
            Iterations.Add(iteration);
        }
    }
}
