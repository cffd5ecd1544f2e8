using PimSim.Traces.Format.Requests;

namespace PimSim.Simulator.Tests.Serving;

internal sealed class ListSource(IReadOnlyList<Request> requests) : IRequestSource
{
    public IEnumerable<Request> Requests() => requests;
}
