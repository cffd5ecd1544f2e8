namespace PimSim.Workloads.Requests;

/// <summary>All requests arrive at once.</summary>
public sealed class SimultaneousArrivals : IArrivals
{
    /// <inheritdoc/>
    public bool Endless => true;

    /// <inheritdoc/>
    public bool Advances => false;

    /// <inheritdoc/>
    public IEnumerable<long> Nanoseconds(ulong seed)
    {
        while (true)
        {
            yield return 0;
        }
    }
}
