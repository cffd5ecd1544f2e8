namespace PimSim.Workloads.Requests;

/// <summary>Equal times between requests.</summary>
/// <param name="requestsPerSecond">The rate.</param>
/// <exception cref="Traces.Format.Documents.PimSimUserException">The rate is not positive.</exception>
public sealed class ConstantArrivals(double requestsPerSecond) : IArrivals
{
    private readonly double _gapNanoseconds = ArrivalRate.NanosecondsPerSecond / ArrivalRate.Checked(requestsPerSecond);

    /// <inheritdoc/>
    public bool Endless => true;

    /// <inheritdoc/>
    public bool Advances => true;

    /// <inheritdoc/>
    public IEnumerable<long> Nanoseconds(ulong seed)
    {
        long time = 0;
        double fraction = 0;
        while (true)
        {
            yield return time;
            ArrivalRate.Advance(ref time, ref fraction, _gapNanoseconds);
        }
    }
}
