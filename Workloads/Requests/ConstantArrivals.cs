namespace PimSim.Workloads.Requests;

/// <summary>Equal times between requests.</summary>
/// <param name="requestsPerSecond">The rate.</param>
/// <exception cref="Traces.Format.Documents.PimSimUserException">The rate is not positive.</exception>
public sealed class ConstantArrivals(double requestsPerSecond) : IArrivals
{
    private readonly double _rate = ArrivalRate.Checked(requestsPerSecond);

    /// <inheritdoc/>
    public bool Endless => true;

    /// <inheritdoc/>
    public bool Advances => true;

    /// <inheritdoc/>
    public IEnumerable<long> Nanoseconds(ulong seed)
    {
        // Multiplied and not added up: errors do not grow.
        for (long index = 0; ; index++)
        {
            yield return ArrivalRate.Whole(index * ArrivalRate.NanosecondsPerSecond / _rate);
        }
    }
}
