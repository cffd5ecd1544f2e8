namespace PimSim.Devices.Gpu.Tiles;

/// <summary>
/// When the last of a list of unequal thread blocks ends. Blocks go to multiprocessors in the order of the list, one on each, then a second on
/// each, and so on; afterwards each goes where a block ends next, and of multiprocessors where blocks end at the same time to the one with the
/// fewest left, then the first. Exact, at the cost of one heap step a block.
/// </summary>
public static class TileList
{
    /// <summary>Ends this close together, as a part of the time so far, are at the same time.</summary>
    public const double SameTime = 1e-9;

    private const int None = -1;

    /// <summary>Nanoseconds from the first block's start to the last one's end.</summary>
    /// <param name="blocks">Blocks in the order in which they are handed out; all take time.</param>
    /// <param name="multiprocessors">Multiprocessors.</param>
    /// <param name="residents">Blocks that one holds at once.</param>
    /// <param name="ahead">Whether a resident block claims the one after it when it starts, not when it ends.</param>
    public static double Ns(ReadOnlySpan<TileSpan> blocks, int multiprocessors, int residents, bool ahead)
    {
        int used = Math.Min(multiprocessors, blocks.Length);
        int slots = used * residents;
        State state = new(
            blocks, residents, ahead, stackalloc int[slots], stackalloc double[slots], stackalloc int[slots], stackalloc double[used], stackalloc int[used], new EventHeap(stackalloc double[used], stackalloc int[used], stackalloc int[used]));
        return state.Run(used);
    }

    private ref struct State(
        ReadOnlySpan<TileSpan> blocks,
        int residents,
        bool ahead,
        Span<int> running,
        Span<double> left,
        Span<int> claimed,
        Span<double> since,
        Span<int> freed,
        EventHeap heap)
    {
        // By slot, those of a multiprocessor beside each other: the block, the part of it that is left, the block after it.
        private readonly ReadOnlySpan<TileSpan> _blocks = blocks;
        private readonly Span<int> _running = running;
        private readonly Span<double> _left = left;
        private readonly Span<int> _claimed = claimed;

        // By multiprocessor: when its blocks' parts were last brought up to date; those that blocks have just ended on.
        private readonly Span<double> _since = since;
        private readonly Span<int> _freed = freed;
        private readonly EventHeap _heap = heap;
        private int _handed = 0;

        public double Run(int used)
        {
            _claimed.Fill(None);
            _running.Fill(None);
            for (int place = 0; place < residents; place++)
            {
                for (int unit = 0; unit < used; unit++)
                {
                    Put((unit * residents) + place, Hand());
                }
            }

            for (int slot = 0; ahead && slot < _claimed.Length; slot++)
            {
                _claimed[slot] = Hand();
            }

            for (int unit = 0; unit < used; unit++)
            {
                _since[unit] = 0;
                _heap.Set(unit, NextEnd(unit, 0));
            }

            double now = 0;
            while (!double.IsPositiveInfinity(_heap.Earliest))
            {
                now = _heap.Earliest;
                int units = 0;
                for (double until = now * (1 + SameTime); _heap.Earliest <= until; units++)
                {
                    _freed[units] = _heap.First;
                    _heap.Set(_heap.First, double.PositiveInfinity);
                }

                _freed[..units].Sort();
                foreach (int unit in _freed[..units])
                {
                    Advance(unit, now);
                }

                for (int level = 0; !ahead && level < residents && _handed < _blocks.Length; level++)
                {
                    Refill(_freed[..units], level);
                }

                foreach (int unit in _freed[..units])
                {
                    _heap.Set(unit, NextEnd(unit, now));
                }
            }

            return now;
        }

        private int Hand() => _handed < _blocks.Length ? _handed++ : None;

        private readonly void Put(int slot, int block)
        {
            _running[slot] = block;
            _left[slot] = 1;
        }

        private readonly int Sharing(int unit)
        {
            int sharing = 0;
            for (int slot = unit * residents; slot < (unit + 1) * residents; slot++)
            {
                sharing += _running[slot] == None ? 0 : 1;
            }

            return sharing;
        }

        /// <summary>When the next block on a multiprocessor ends; infinite if it has none.</summary>
        private readonly double NextEnd(int unit, double now)
        {
            int sharing = Sharing(unit);
            double end = double.PositiveInfinity;
            for (int slot = unit * residents; slot < (unit + 1) * residents; slot++)
            {
                if (_running[slot] != None)
                {
                    end = Math.Min(end, now + (_left[slot] * _blocks[_running[slot]].Ns(sharing)));
                }
            }

            return end;
        }

        /// <summary>Takes a multiprocessor to the end of its next blocks.</summary>
        private void Advance(int unit, double now)
        {
            int sharing = Sharing(unit);
            double passed = now - _since[unit];
            _since[unit] = now;
            for (int slot = unit * residents; slot < (unit + 1) * residents; slot++)
            {
                if (_running[slot] == None)
                {
                    continue;
                }

                double whole = _blocks[_running[slot]].Ns(sharing);
                _left[slot] -= passed / whole;
                if (_left[slot] * whole <= now * SameTime)
                {
                    Put(slot, _claimed[slot]);
                    _claimed[slot] = ahead ? Hand() : None;
                }
            }
        }

        /// <summary>Hands a block to each of the multiprocessors that have so many.</summary>
        private void Refill(ReadOnlySpan<int> units, int level)
        {
            foreach (int unit in units)
            {
                if (Sharing(unit) == level)
                {
                    int slot = unit * residents;
                    while (_running[slot] != None)
                    {
                        slot++;
                    }

                    Put(slot, Hand());
                }
            }
        }
    }
}
