using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Serving;

/// <summary>What one iteration computes: a list of sequences, and the same as groups for the replica. Reused for every iteration.</summary>
internal sealed class IterationPlan
{
    private PlannedWork[] _work = new PlannedWork[32];
    private SequenceGroup[] _groups = new SequenceGroup[8];
    private int _groupCount;
    private int _decodeSequences;
    private int _decodeRows;
    private long _decodeContext;

    /// <summary>Sequences.</summary>
    public int Count { get; private set; }

    /// <summary>Rows forwarded.</summary>
    public int Tokens { get; private set; }

    public ReadOnlySpan<PlannedWork> Work => _work.AsSpan(0, Count);

    /// <summary>The decodes as one group, then the prefills in order, equal neighbours together. Valid after <see cref="Close"/>.</summary>
    public ReadOnlySpan<SequenceGroup> Groups => _groups[0].Sequences > 0 ? _groups.AsSpan(0, _groupCount) : _groups.AsSpan(1, _groupCount - 1);

    public void Clear()
    {
        Count = 0;
        Tokens = 0;
        _groupCount = 1;
        _groups[0] = default;
        _decodeSequences = 0;
        _decodeContext = 0;
    }

    public void AddDecode(int slot, int rows, long contextTokens)
    {
        Add(new(slot, rows, IsPrefill: false));
        _decodeSequences++;
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

    public void Close()
    {
        if (_decodeSequences > 0)
        {
            _groups[0] = new(Phase.Decode, _decodeSequences, _decodeRows, _decodeContext, _decodeSequences);
        }
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
