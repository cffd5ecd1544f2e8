using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Serving;

/// <summary>Receives every request once, in the order in which they end.</summary>
public interface IRequestSink
{
    /// <summary>A request has been served.</summary>
    void Finished(in RequestRecord request);

    /// <summary>A request was turned away on arrival.</summary>
    void Rejected(in RejectedRequest request);
}

/// <summary>Receives every iteration when it starts, in the order of time.</summary>
public interface IIterationSink
{
    /// <summary>An iteration starts; the groups are valid during the call only.</summary>
    void Started(in IterationRecord iteration, ReadOnlySpan<SequenceGroup> groups);
}
