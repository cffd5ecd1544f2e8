namespace PimSim.Simulator.Serving;

/// <summary>How the sequences of an iteration that generate are put together, and where their caches lie.</summary>
/// <param name="ByContext">
/// Only sequences with equal contexts share a group, for devices whose cost is not that of the mean; otherwise all do, and the group says the sum.
/// </param>
/// <param name="Workers">Devices that each keep the caches of whole sequences; 1: a sequence lies on all devices alike.</param>
/// <param name="Assignment">Which of them takes a sequence.</param>
public readonly record struct SequenceGrouping(bool ByContext, int Workers, WorkerAssignment Assignment)
{
    /// <summary>All in one group.</summary>
    public static readonly SequenceGrouping Together = new(ByContext: false, 1, WorkerAssignment.LeastLoaded);

    /// <summary>Whether all are in one group.</summary>
    public bool IsTogether => !ByContext && Workers <= 1;
}

/// <summary>Which of several devices takes the cache of a sequence, when the sequence joins the batch.</summary>
public enum WorkerAssignment : byte
{
    /// <summary>
    /// Longest first, each to the device whose sequences have the fewest tokens in the cache: NeuPIMs' greedy bin packing. Of equals the first.
    /// </summary>
    LeastLoaded,

    /// <summary>By turns, in the order in which they join.</summary>
    RoundRobin,
}
