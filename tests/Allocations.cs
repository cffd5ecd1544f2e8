namespace PimSim.Tests;

/// <summary>How much some code allocates.</summary>
internal static class Allocations
{
    private const int Rounds = 5;

    /// <summary>The least of several rounds, in bytes: the runtime itself may allocate while it recompiles a method.</summary>
    public static long Least(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
