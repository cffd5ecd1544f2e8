namespace PimSim.Workloads.Engines;

/// <summary>What computes and what it computes with, disposed in this order.</summary>
internal sealed class OwnedPair(IDisposable backend, IDisposable under) : IDisposable
{
    public void Dispose()
    {
        backend.Dispose();
        under.Dispose();
    }
}
