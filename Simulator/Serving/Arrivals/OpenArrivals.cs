using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;

namespace PimSim.Simulator.Serving.Arrivals;

/// <summary>Requests that arrive when their trace says so, however the system fares. Only the next one is held in memory.</summary>
public sealed class OpenArrivals(IRequestSource source) : IArrivalSource
{
    private const long PicosecondsPerNanosecond = 1000;

    private readonly IEnumerator<Request> _requests = source.Requests().GetEnumerator();
    private long _number;
    private long _lastNanoseconds;

    /// <inheritdoc/>
    public void Start(IArrivalSink sink) => Arrived(sink);

    /// <inheritdoc/>
    public void Arrived(IArrivalSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        if (!_requests.MoveNext())
        {
            return;
        }

        Request request = _requests.Current;
        if (request.ArrivalNanoseconds < _lastNanoseconds)
        {
            throw new PimSimUserException(
                $"request {_number} (counted from 0) arrives at {request.ArrivalNanoseconds} ns, before {(_number == 0 ? "time 0" : $"request {_number - 1} at {_lastNanoseconds} ns")}; requests must be sorted by arrival");
        }

        if (request.ArrivalNanoseconds > ServingSimulation.LastArrival.Value / PicosecondsPerNanosecond)
        {
            throw new PimSimUserException(
                $"request {_number} (counted from 0) arrives at {request.ArrivalNanoseconds} ns, after more than {ServingSimulation.LastArrivalDays} days; simulated time ends after 106: take a part of the trace or scale its times");
        }

        _lastNanoseconds = request.ArrivalNanoseconds;
        _number++;
        sink.Announce(new Picoseconds(request.ArrivalNanoseconds * PicosecondsPerNanosecond), in request);
    }

    /// <inheritdoc/>
    public void Ended(Picoseconds now, IArrivalSink sink)
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _requests.Dispose();
}
