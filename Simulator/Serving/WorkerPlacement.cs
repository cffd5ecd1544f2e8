namespace PimSim.Simulator.Serving;

/// <summary>
/// Gives each sequence that joins a batch the device that keeps its cache until it leaves. Loads are counted anew each time from the sequences that
/// are there, so that those that ended or were preempted leave nothing behind.
/// </summary>
internal sealed class WorkerPlacement(int workers, WorkerAssignment assignment)
{
    private readonly long[] _loads = new long[workers];
    private readonly List<(long Tokens, int Slot)> _new = [];
    private int _turn;

    /// <summary>Places the sequences of a batch that have no device yet.</summary>
    public void Place(ReadOnlySpan<int> batch, RequestTable requests)
    {
        Array.Clear(_loads);
        _new.Clear();
        foreach (int slot in batch)
        {
            ref RequestState s = ref requests[slot];
            long tokens = Math.Max(s.PrefillTokens, s.Computed);
            if (s.Worker < 0)
            {
                _new.Add((tokens, slot));
            }
            else
            {
                _loads[s.Worker] += tokens;
            }
        }

        if (_new.Count == 0)
        {
            return;
        }

        if (assignment == WorkerAssignment.RoundRobin)
        {
            foreach ((_, int slot) in _new)
            {
                requests[slot].Worker = _turn;
                _turn = (_turn + 1) % workers;
            }

            return;
        }

        // Stable, so that equals go in the order in which they joined.
        foreach ((long tokens, int slot) in _new.OrderByDescending(item => item.Tokens))
        {
            int least = Array.IndexOf(_loads, _loads.Min());
            requests[slot].Worker = least;
            _loads[least] += tokens;
        }
    }
}
