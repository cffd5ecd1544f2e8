namespace PimSim.Devices.Pim;

/// <summary>Runs programs on one channel; hides which kind of sink watches it.</summary>
public interface IChannelSequencer
{
    /// <summary>Lets an idle channel go on to a cycle.</summary>
    void AdvanceTo(long start, ChannelState state, ChannelCounters counters);

    /// <summary>Runs a program on a channel.</summary>
    void Run(ReadOnlySpan<PimInstruction> program, int baseRow, long start, ChannelState state, ChannelCounters counters);
}

/// <summary>
/// All channels of a memory. With acceleration on, channels in the same state with the same program are simulated once;
/// they part when their programs differ and join again when their states meet. With it off each is simulated by itself.
/// </summary>
public sealed class ChannelGroup
{
    private readonly bool _accelerate;
    private readonly Func<int, IChannelSequencer> _sequencerOf;
    private readonly ChannelCounters _scratch = new();
    private readonly List<Cohort> _cohorts = [];
    private readonly List<Cohort> _next = [];
    private readonly Stack<Cohort> _free = new();
    private readonly PimChannelConfiguration _configuration;

    /// <summary>Creates all channels after reset.</summary>
    /// <param name="configuration">What each channel is like.</param>
    /// <param name="channels">How many, 64 at most.</param>
    /// <param name="accelerate">Simulate equal channels once.</param>
    /// <param name="sequencerOf">The sequencer of a channel.</param>
    public ChannelGroup(PimChannelConfiguration configuration, int channels, bool accelerate, Func<int, IChannelSequencer> sequencerOf)
    {
        _configuration = configuration;
        _accelerate = accelerate;
        _sequencerOf = sequencerOf;
        for (int channel = 0; channel < channels; channel++)
        {
            Cohort cohort = Take();
            cohort.Members = 1UL << channel;
            _cohorts.Add(cohort);
        }
    }

    /// <summary>Runs each channel's program from cycle <paramref name="start"/> on.</summary>
    /// <param name="programs">One program per channel.</param>
    /// <param name="baseRow">Added to every row.</param>
    /// <param name="start">Common start.</param>
    /// <param name="totals">Counts of all channels are added here.</param>
    /// <param name="critical">Set to the counts of the channel that finished last; of equals, the lowest.</param>
    /// <returns>The cycle in which the last channel is done.</returns>
    public long Run(ChannelPrograms programs, int baseRow, long start, ChannelCounters totals, ChannelCounters critical)
    {
        AdvanceAll(start, totals);
        long end = -1;
        int criticalChannel = int.MaxValue;
        _next.Clear();
        foreach (Cohort cohort in _cohorts)
        {
            ulong left = cohort.Members;
            while (left != 0)
            {
                int channel = System.Numerics.BitOperations.TrailingZeroCount(left);
                ulong sharing = SharingWith(channel, left, programs);
                left &= ~sharing;
                Cohort part = left == 0 ? cohort : Copy(cohort);
                part.Members = sharing;
                _next.Add(part);
                _scratch.Clear();
                _sequencerOf(channel).Run(programs.Program(programs.VariantOf(channel)), baseRow, start, part.State, _scratch);
                totals.Add(_scratch, System.Numerics.BitOperations.PopCount(sharing));
                long done = part.State.Completion;
                if (done > end || (done == end && channel < criticalChannel))
                {
                    (end, criticalChannel) = (done, channel);
                    critical.CopyFrom(_scratch);
                }
            }
        }

        _cohorts.Clear();
        _cohorts.AddRange(_next);
        return end;
    }

    /// <summary>Lets all channels, which have nothing to do, go on to a cycle: refreshes that fall due are issued.</summary>
    public void Rest(long until, ChannelCounters totals) => AdvanceAll(until, totals);

    private void AdvanceAll(long start, ChannelCounters totals)
    {
        foreach (Cohort cohort in _cohorts)
        {
            _scratch.Clear();
            _sequencerOf(System.Numerics.BitOperations.TrailingZeroCount(cohort.Members)).AdvanceTo(start, cohort.State, _scratch);
            totals.Add(_scratch, System.Numerics.BitOperations.PopCount(cohort.Members));
        }

        if (_accelerate && _cohorts.Count > 1)
        {
            Join();
        }
    }

    /// <summary>Makes one cohort of those whose states have met.</summary>
    private void Join()
    {
        foreach (Cohort cohort in _cohorts)
        {
            cohort.State.Settle(_configuration.Timing);
        }

        for (int i = 0; i < _cohorts.Count; i++)
        {
            for (int j = _cohorts.Count - 1; j > i; j--)
            {
                if (_cohorts[i].State.SameAs(_cohorts[j].State))
                {
                    _cohorts[i].Members |= _cohorts[j].Members;
                    _free.Push(_cohorts[j]);
                    _cohorts.RemoveAt(j);
                }
            }
        }
    }

    private static ulong SharingWith(int channel, ulong among, ChannelPrograms programs)
    {
        ulong sharing = 0;
        for (ulong left = among; left != 0; left &= left - 1)
        {
            int other = System.Numerics.BitOperations.TrailingZeroCount(left);
            if (programs.VariantOf(other) == programs.VariantOf(channel))
            {
                sharing |= 1UL << other;
            }
        }

        return sharing;
    }

    private Cohort Copy(Cohort other)
    {
        Cohort copy = Take();
        copy.State.CopyFrom(other.State);
        return copy;
    }

    private Cohort Take() => _free.Count > 0 ? _free.Pop() : new Cohort(new ChannelState(_configuration));

    /// <summary>Channels whose states are the same.</summary>
    private sealed class Cohort(ChannelState state)
    {
        public ChannelState State { get; } = state;

        public ulong Members { get; set; }
    }
}
