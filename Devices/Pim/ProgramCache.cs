namespace PimSim.Devices.Pim;

/// <summary>
/// Programs over a cache that have been asked for: the equal layers of a step ask for the same in turn, and so do the sequences of a batch as they
/// grow. Contexts that touch the same columns have one program. Starts over when it has many.
/// </summary>
internal sealed class ProgramCache
{
    // Of 24 bytes each: a long context of many heads is tens of thousands.
    private const long MostInstructions = 1 << 20;

    private readonly Dictionary<(int Heads, int Columns), ChannelPrograms> _kept = [];
    private long _instructions;

    /// <summary>The programs of a context.</summary>
    /// <param name="heads">Heads.</param>
    /// <param name="columns">What the programs depend on beside them: contexts with the same have the same.</param>
    /// <param name="cache">Makes them.</param>
    /// <param name="context">The context.</param>
    /// <param name="build">How.</param>
    public ChannelPrograms Get(int heads, int columns, KvMapping cache, int context, Func<KvMapping, int, int, ChannelPrograms> build)
    {
        if (!_kept.TryGetValue((heads, columns), out ChannelPrograms? programs))
        {
            programs = build(cache, heads, context);
            _instructions += programs.Instructions;
            if (_instructions > MostInstructions)
            {
                _kept.Clear();
                _instructions = programs.Instructions;
            }

            _kept.Add((heads, columns), programs);
        }

        return programs;
    }
}
