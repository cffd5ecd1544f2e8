using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Serving.Offload;

/// <summary>
/// Cuts a batch into parts of almost equally many sequences, those of each device of the pool too, as NeuPIMs does. Groups say the sum of their
/// contexts and no more, so every part gets its share of it.
/// </summary>
internal sealed class SubBatches
{
    private readonly int _parts;
    private SequenceGroup[] _groups = new SequenceGroup[8];
    private int _groupsPerPart;

    /// <summary>Cuts into <paramref name="parts"/>.</summary>
    public SubBatches(int parts) => _parts = parts;

    /// <summary>Groups of a part that has any sequences; those of prompts are left out.</summary>
    public ReadOnlySpan<SequenceGroup> Of(int part) => _groups.AsSpan(part * _groupsPerPart, Count(part));

    /// <summary>Cuts the sequences that generate.</summary>
    public void Cut(ReadOnlySpan<SequenceGroup> groups)
    {
        groups = groups[..SequenceGroup.FirstPrompt(groups)];
        _groupsPerPart = groups.Length;
        if (_groups.Length < _parts * _groupsPerPart)
        {
            _groups = new SequenceGroup[_parts * _groupsPerPart];
        }

        Array.Clear(_groups);

        // The odd ones of a group go where those of the group before ended.
        int first = 0;
        foreach (ref readonly SequenceGroup group in groups)
        {
            int sequences = 0;
            long context = 0;
            for (int i = 0; i < _parts; i++)
            {
                int part = (first + i) % _parts;
                int own = (group.Sequences / _parts) + (i < group.Sequences % _parts ? 1 : 0);
                if (own == 0)
                {
                    break;
                }

                long before = context;
                int sampled = Share(group.Sampled, sequences + own, group.Sequences) - Share(group.Sampled, sequences, group.Sequences);
                sequences += own;
                context = Shared(group.ContextTokens, sequences, group.Sequences);
                _groups[(part * _groupsPerPart) + Count(part)] = new SequenceGroup(group.Phase, own, group.NewTokens, context - before, sampled, group.Worker);
            }

            first = (first + group.Sequences) % _parts;
        }
    }

    private int Count(int part)
    {
        int count = 0;
        while (count < _groupsPerPart && _groups[(part * _groupsPerPart) + count].Sequences > 0)
        {
            count++;
        }

        return count;
    }

    private static int Share(int all, int sequences, int ofSequences) => (int)Shared(all, sequences, ofSequences);

    private static long Shared(long all, int sequences, int ofSequences) => (long)((Int128)all * sequences / ofSequences);
}
