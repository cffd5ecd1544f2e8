using PimSim.Simulator.Serving;

namespace PimSim.Reports.Serving;

/// <summary>The first iterations of a point, as many as can be told apart on a timeline.</summary>
/// <param name="StartPs">Start of the first iteration.</param>
/// <param name="EndPs">Where the picture ends.</param>
/// <param name="Replicas">Numbers of the replicas shown, at most sixteen.</param>
/// <param name="Iterations">What is shown, in the order of time.</param>
internal sealed record TimelineWindow(long StartPs, long EndPs, IReadOnlyList<int> Replicas, IReadOnlyList<IterationRecord> Iterations)
{
    /// <summary>Most rows of a timeline.</summary>
    public const int MostReplicas = 16;

    private const int MostPerReplica = 60;

    /// <summary>The window of the iterations that a point keeps; null if it keeps none that takes time.</summary>
    /// <param name="kept">By the time of their start.</param>
    /// <param name="cut">There were more.</param>
    public static TimelineWindow? Of(IReadOnlyList<IterationRecord> kept, bool cut)
    {
        int[] replicas = [.. kept.Select(iteration => iteration.Replica).Distinct().Order().Take(MostReplicas)];
        IterationRecord[] shown = [.. kept.Where(iteration => replicas.Contains(iteration.Replica))];
        if (shown.Length == 0)
        {
            return null;
        }

        // The replica that has run that many first ends the picture: all others are complete up to there.
        long end = shown.GroupBy(iteration => iteration.Replica).Where(group => group.Count() >= MostPerReplica)
            .Select(group => group.ElementAt(MostPerReplica - 1).End.Value)
            .DefaultIfEmpty(shown.Max(iteration => iteration.End.Value)).Min();

        // What starts after the last one kept is not known; it would look like a replica that waits.
        end = cut ? Math.Min(end, kept[^1].Start.Value) : end;
        long start = shown[0].Start.Value;
        return end <= start ? null : new(start, end, replicas, [.. shown.Where(iteration => iteration.Start.Value < end)]);
    }
}
