using System.Runtime.CompilerServices;

namespace PimSim.Devices.Gpu.Tiles;

/// <summary>
/// When the last thread block of a kernel ends. Blocks are handed out in order to free slots. Time jumps from event to event: an event is the
/// end of a phase of a cohort, the blocks of one group that were handed out together, and between two events all rates are constant. Where one
/// cohort fills the GPU and the next would too, the state recurs, and all such rounds are skipped at once.
/// </summary>
public static class TileSchedule
{
    private const int Phases = 3;

    // Most kernels have one or two cohorts at a time; attention over prompts of unequal length has tens.
    private const int CohortsOnStack = 32;

    /// <summary>Nanoseconds from the first block's start to the last one's end, all blocks being equal.</summary>
    public static double Uniform(in TileGroup tile, in TileMachine machine)
    {
        long slots = machine.Slots;
        long rounds = tile.Count / slots;
        long rest = tile.Count - (rounds * slots);
        double end = rounds == 0 ? 0 : rounds * RoundNs(tile, machine, slots);
        return rest == 0 ? end : end + RoundNs(tile, machine, rest);
    }

    /// <summary>Nanoseconds from the first block's start to the last one's end.</summary>
    /// <param name="groups">Blocks in the order in which they are handed out.</param>
    /// <param name="machine">What they run on.</param>
    public static double Run(ReadOnlySpan<TileGroup> groups, in TileMachine machine)
    {
        Cohort[]? grown = null;
        Span<Cohort> cohorts = stackalloc Cohort[CohortsOnStack];
        int active = 0;
        int next = 0;
        long left = groups.IsEmpty ? 0 : groups[0].Count;
        long free = machine.Slots;
        double now = 0;
        while (true)
        {
            while (next < groups.Length && (free > 0 || left == 0))
            {
                if (left == 0)
                {
                    next++;
                    left = next < groups.Length ? groups[next].Count : 0;
                    continue;
                }

                if (active == 0 && left >= 2 * free)
                {
                    long rounds = (left / free) - 1;
                    now += rounds * RoundNs(groups[next], machine, free);
                    left -= rounds * free;
                }

                long taken = Math.Min(free, left);
                if (active == cohorts.Length)
                {
                    grown = Grow(cohorts);
                    cohorts = grown;
                }

                cohorts[active++] = new Cohort { Group = next, Count = taken, Left = 1 };
                free -= taken;
                left -= taken;
            }

            if (active == 0)
            {
                return now;
            }

            now += Step(groups, machine, cohorts, ref active, ref free);
        }
    }

    /// <summary>Nanoseconds of <paramref name="running"/> equal blocks that start together and have the GPU for themselves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double RoundNs(in TileGroup tile, in TileMachine machine, long running) =>
        tile.StartNs + machine.MainNs(tile, running) + machine.DrainNs(tile, running);

    /// <summary>Advances to the next event and returns how long that took.</summary>
    private static double Step(ReadOnlySpan<TileGroup> groups, in TileMachine machine, Span<Cohort> cohorts, ref int active, ref long free)
    {
        long running = 0;
        for (int i = 0; i < active; i++)
        {
            running += cohorts[i].Count;
        }

        double step = double.PositiveInfinity;
        for (int i = 0; i < active; i++)
        {
            ref Cohort cohort = ref cohorts[i];
            cohort.PhaseNs = PhaseNs(groups[cohort.Group], machine, cohort.Phase, running);
            step = Math.Min(step, cohort.PhaseNs * cohort.Left);
        }

        for (int i = active - 1; i >= 0; i--)
        {
            ref Cohort cohort = ref cohorts[i];
            if (cohort.PhaseNs * cohort.Left > step)
            {
                cohort.Left -= step / cohort.PhaseNs;
                continue;
            }

            cohort.Phase++;
            cohort.Left = 1;
            if (cohort.Phase == Phases)
            {
                free += cohort.Count;
                cohorts[i] = cohorts[--active];
            }
        }

        return step;
    }

    private static double PhaseNs(in TileGroup tile, in TileMachine machine, int phase, long running) => phase switch
    {
        0 => tile.StartNs,
        1 => machine.MainNs(tile, running),
        _ => machine.DrainNs(tile, running),
    };

    private static Cohort[] Grow(ReadOnlySpan<Cohort> cohorts)
    {
        var grown = new Cohort[cohorts.Length * 2];
        cohorts.CopyTo(grown);
        return grown;
    }

    private struct Cohort
    {
        public int Group;
        public int Phase;
        public long Count;

        // The part of the phase that is still to do, and how long all of it takes at the present rates.
        public double Left;
        public double PhaseNs;
    }
}
