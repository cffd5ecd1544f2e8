using System.Text;
using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Tests.Serving;

/// <summary>Keeps all that a simulation tells.</summary>
internal sealed class ServingLog : IRequestSink, IIterationSink
{
    public List<RequestRecord> Served { get; } = [];

    public List<RejectedRequest> Refused { get; } = [];

    public List<IterationRecord> Iterations { get; } = [];

    public List<SequenceGroup[]> Groups { get; } = [];

    public void Finished(in RequestRecord request) => Served.Add(request);

    public void Rejected(in RejectedRequest request) => Refused.Add(request);

    public void Started(in IterationRecord iteration, ReadOnlySpan<SequenceGroup> groups)
    {
        Iterations.Add(iteration);
        Groups.Add(groups.ToArray());
    }

    /// <summary>Everything as text, one line a record.</summary>
    public string Text()
    {
        StringBuilder text = new();
        foreach (RequestRecord request in Served)
        {
            text.Append(request).Append('\n');
        }

        foreach (RejectedRequest request in Refused)
        {
            text.Append(request).Append('\n');
        }

        for (int i = 0; i < Iterations.Count; i++)
        {
            text.Append(Iterations[i]).Append(' ').AppendJoin(' ', Groups[i]).Append('\n');
        }

        return text.ToString();
    }
}
