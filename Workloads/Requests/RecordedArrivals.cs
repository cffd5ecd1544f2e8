using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;

namespace PimSim.Workloads.Requests;

/// <summary>
/// Requests arrive as in a trace, or in its pattern stretched to a mean rate: so many times between requests over their sum. The trace is read
/// while it is consumed, and once more before if it is stretched.
/// </summary>
public sealed class RecordedArrivals : IArrivals
{
    private readonly IRequestSource _trace;
    private readonly double? _requestsPerSecond;

    /// <summary>Takes the arrivals of a trace.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="requestsPerSecond">The mean rate to stretch it to; null leaves it as it is.</param>
    /// <exception cref="PimSimUserException">The rate is not positive.</exception>
    public RecordedArrivals(IRequestSource trace, double? requestsPerSecond = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        _trace = trace;
        _requestsPerSecond = requestsPerSecond is { } rate ? ArrivalRate.Checked(rate) : null;
    }

    /// <inheritdoc/>
    public bool Endless => false;

    /// <inheritdoc/>
    public bool Advances => true;

    /// <inheritdoc/>
    /// <exception cref="PimSimUserException">The trace is empty, runs back in time, or has no rate to stretch; while it is consumed.</exception>
    public IEnumerable<long> Nanoseconds(ulong seed)
    {
        if (_requestsPerSecond is not { } rate)
        {
            return InOrder();
        }

        long last = 0;
        long gaps = -1;
        foreach (long time in InOrder())
        {
            last = time;
            gaps++;
        }

        return last == 0
            ? throw new PimSimUserException($"all {gaps + 1} requests of the trace arrive at once, which no rate can be made of; take them as recorded")
            : Stretched(gaps * ArrivalRate.NanosecondsPerSecond / rate / last);
    }

    private IEnumerable<long> Stretched(double factor)
    {
        long before = 0;
        long time = 0;
        double fraction = 0;
        foreach (long recorded in InOrder())
        {
            ArrivalRate.Advance(ref time, ref fraction, (recorded - before) * factor);
            before = recorded;
            yield return time;
        }
    }

    private IEnumerable<long> InOrder()
    {
        long? first = null;
        long before = 0;
        long count = 0;
        foreach (Request request in _trace.Requests())
        {
            first ??= request.ArrivalNanoseconds;
            long time = request.ArrivalNanoseconds - first.Value;
            if (time < before)
            {
                throw new PimSimUserException($"request {count + 1} of the trace arrives at {time} ns, before the one before it at {before} ns; requests must be in order of arrival");
            }

            before = time;
            count++;
            yield return time;
        }

        if (count == 0)
        {
            throw new PimSimUserException("the request trace is empty; arrivals need one request at least");
        }
    }
}
