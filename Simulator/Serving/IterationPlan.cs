using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Serving;

/// <summary>What one iteration computes: a list of sequences, and the same as groups for the replica. Reused for every iteration.</summary>
internal sealed class IterationPlan
{
    private PlannedWork[] _work = new PlannedWork[32];
    private SequenceGroup[] _groups = new SequenceGroup[8];
    private int _groupCount;
    private SequenceGroup[] _separate = [];
    private (int Slot, long Context)[] _decodes = new (int, long)[32];
    private int _separateCount;
    private int _decodeSequences;
    private int _decodeRows;
    private long _decodeContext;

    /// <summary>Sequences.</summary>
    public int Count { get; private set; }

    /// <summary>Rows forwarded.</summary>
    public int Tokens { get; private set; }

    public ReadOnlySpan<PlannedWork> Work => _work.AsSpan(0, Count);

    /// <summary>The decodes as one group or as the grouping says, then the prefills in order, equal neighbours together. Valid after <see cref="Close"/>.</summary>
    public ReadOnlySpan<SequenceGroup> Groups => _separateCount > 0 ? _separate.AsSpan(0, _separateCount)
        : _groups[0].Sequences > 0 ? _groups.AsSpan(0, _groupCount) : _groups.AsSpan(1, _groupCount - 1);

    public void Clear()
    {
        Count = 0;
        Tokens = 0;
        _groupCount = 1;
        _separateCount = 0;
        _groups[0] = default;
        _decodeSequences = 0;
        _decodeContext = 0;
    }

    public void AddDecode(int slot, int rows, long contextTokens)
    {
        Add(new(slot, rows, IsPrefill: false));
        if (_decodeSequences == _decodes.Length)
        {
            Array.Resize(ref _decodes, _decodeSequences * 2);
        }

        _decodes[_decodeSequences++] = (slot, contextTokens);
        _decodeRows = rows;
        _decodeContext += contextTokens;
    }

    public void AddPrefill(int slot, int rows, long contextTokens, bool ends)
    {
        Add(new(slot, rows, IsPrefill: true));
        ref SequenceGroup last = ref _groups[_groupCount - 1];
        if (_groupCount > 1
            && last.NewTokens == rows
            && last.ContextTokens == last.Sequences * contextTokens
            && (last.Sampled > 0) == ends)
        {
            last = last with
            {
                Sequences = last.Sequences + 1,
                ContextTokens = last.ContextTokens + contextTokens,
                Sampled = last.Sampled + (ends ? 1 : 0),
            };
            return;
        }

        if (_groupCount == _groups.Length)
        {
            Array.Resize(ref _groups, _groupCount * 2);
        }

        _groups[_groupCount++] = new(Phase.Prefill, 1, rows, contextTokens, ends ? 1 : 0);
    }

    public void Close(SequenceGrouping grouping, RequestTable requests)
    {
        if (_decodeSequences == 0)
        {
            return;
        }

        _groups[0] = new(Phase.Decode, _decodeSequences, _decodeRows, _decodeContext, _decodeSequences);
        if (!grouping.IsTogether)
        {
            Separate(grouping, requests);
        }
    }

    /// <summary>Makes groups by device and, if asked for, by context, in this order.</summary>
    private void Separate(SequenceGrouping grouping, RequestTable requests)
    {
        bool placed = grouping.Workers > 1;
        Span<(int Slot, long Context)> decodes = _decodes.AsSpan(0, _decodeSequences);
        decodes.Sort((a, b) =>
        {
            int byWorker = placed ? requests[a.Slot].Worker.CompareTo(requests[b.Slot].Worker) : 0;
            return byWorker != 0 ? byWorker : a.Context.CompareTo(b.Context);
        });
        int most = _decodeSequences + _groupCount;
        if (_separate.Length < most)
        {
            _separate = new SequenceGroup[most * 2];
        }

        long last = -1;
        foreach ((int slot, long context) in decodes)
        {
            int worker = placed ? requests[slot].Worker : -1;
            ref SequenceGroup group = ref _separate[Math.Max(0, _separateCount - 1)];
            if (_separateCount == 0 || group.Worker != worker || (grouping.ByContext && last != context))
            {
                group = ref _separate[_separateCount++];
                group = new(Phase.Decode, 0, _decodeRows, 0, 0, worker);
            }

            group = group with { Sequences = group.Sequences + 1, ContextTokens = group.ContextTokens + context, Sampled = group.Sampled + 1 };
            last = context;
        }

        _groups.AsSpan(1, _groupCount - 1).CopyTo(_separate.AsSpan(_separateCount));
        _separateCount += _groupCount - 1;
    }

    private void Add(PlannedWork work)
    {
        if (Count == _work.Length)
        {
            Array.Resize(ref _work, Count * 2);
        }

        _work[Count++] = work;
        Tokens = checked(Tokens + work.Rows);
    }
}

/// <summary>One sequence of an iteration.</summary>
internal readonly record struct PlannedWork(int Slot, int Rows, bool IsPrefill);
