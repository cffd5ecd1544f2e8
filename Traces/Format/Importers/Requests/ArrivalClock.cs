namespace PimSim.Traces.Format.Importers.Requests;

/// <summary>Absolute times to times since the first request; time must not run backwards.</summary>
internal sealed class ArrivalClock
{
    private long? _first;
    private long _last;

    /// <summary>Converts the next time; false if it lies before the one before.</summary>
    public bool TryNext(long nanoseconds, out long sinceFirst)
    {
        _first ??= nanoseconds;
        sinceFirst = nanoseconds - _first.Value;
        bool forwards = sinceFirst >= _last;
        _last = sinceFirst;
        return forwards;
    }
}
