using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;

namespace PimSim.Workloads.Requests;

/// <summary>
/// Requests made from arrivals and lengths while they are consumed: the same seed gives the same requests on every machine. It ends at a limit,
/// or with the shorter of the traces that it is made from.
/// </summary>
public sealed class RequestStream : IRequestSource
{
    private readonly IArrivals _arrivals;
    private readonly IRequestLengths _lengths;
    private readonly PrefixSharing? _sharing;
    private readonly ulong _seed;
    private readonly long _most;
    private readonly long _durationNanoseconds;

    /// <summary>Makes a stream.</summary>
    /// <param name="arrivals">When requests arrive.</param>
    /// <param name="lengths">How long they are.</param>
    /// <param name="seed">Seed of everything that is drawn.</param>
    /// <param name="most">Most requests; null for as many as there are.</param>
    /// <param name="durationNanoseconds">Requests that arrive from then on are left out; null for no end.</param>
    /// <param name="sharing">System prompts before the requests; null for none.</param>
    /// <exception cref="PimSimUserException">A limit is below 1, or nothing ends the stream.</exception>
    public RequestStream(
        IArrivals arrivals,
        IRequestLengths lengths,
        ulong seed,
        long? most = null,
        long? durationNanoseconds = null,
        PrefixSharing? sharing = null)
    {
        ArgumentNullException.ThrowIfNull(arrivals);
        ArgumentNullException.ThrowIfNull(lengths);
        if (most < 1 || durationNanoseconds < 1)
        {
            throw new PimSimUserException(most < 1 ? $"a limit of {most} requests; 1 or more is needed" : $"a duration of {durationNanoseconds} ns; 1 or more is needed");
        }

        if (arrivals.Endless && lengths.Endless && most is null && (durationNanoseconds is null || !arrivals.Advances))
        {
            throw new PimSimUserException(durationNanoseconds is null
                ? "a stream of requests without end; limit it by their number or by duration"
                : "requests that all arrive at once are not ended by a duration; limit them by their number");
        }

        _arrivals = arrivals;
        _lengths = lengths;
        _sharing = sharing;
        _seed = seed;
        _most = most ?? long.MaxValue;
        _durationNanoseconds = durationNanoseconds ?? long.MaxValue;
    }

    /// <inheritdoc/>
    public IEnumerable<Request> Requests()
    {
        using IEnumerator<long> arrivals = _arrivals.Nanoseconds(_seed).GetEnumerator();
        using IEnumerator<Request> lengths = _lengths.Requests(_seed).GetEnumerator();
        for (long index = 0; index < _most && arrivals.MoveNext() && arrivals.Current < _durationNanoseconds && lengths.MoveNext(); index++)
        {
            Request request = lengths.Current with { ArrivalNanoseconds = arrivals.Current };
            yield return _sharing is null ? request : _sharing.Apply(request, _seed, (ulong)index);
        }
    }
}
