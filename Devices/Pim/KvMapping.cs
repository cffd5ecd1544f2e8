using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>
/// Keys and values of one layer and sequence, with room for the whole context reserved in advance.
/// <para>
/// Keys are row-major: token t lives in bank t mod (all banks), its heads one after another, so that q K^T is a product of
/// rows. Values are column-major: each channel of a head owns a row that runs along the tokens, 16 of them side by side in
/// the banks of one channel (a slot), so that the weighted sum is a product of rows too; the slots are spread evenly over
/// the channels, those of a head together, because a channel's buffer holds one head's probabilities at a time.
/// </para>
/// </summary>
public sealed class KvMapping
{
    private readonly PimMemory _memory;
    private readonly ChannelOrganization _organization;
    private readonly int _kvHeads;
    private readonly int _headColumns;
    private readonly int _slotsPerHead;
    private readonly int _slotsPerChannel;
    private readonly int _rowsPerSlot;
    private readonly long _keyRows;
    private readonly int _keyRoundsPerPage;
    private readonly long _keyColumnsPerPage;

    /// <summary>Lays out the cache of one layer and sequence.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="kvHeads">Key/value heads.</param>
    /// <param name="headDim">Width of one head.</param>
    /// <param name="reservedContext">Tokens there is room for.</param>
    /// <param name="paged">
    /// It is made of whole pages (<see cref="KvPage"/>), whose rows may lie anywhere: the rows here are then those that a table translates.
    /// </param>
    public KvMapping(PimMemory memory, int kvHeads, int headDim, int reservedContext, bool paged = false)
    {
        _memory = memory;
        _organization = memory.Channel.Organization;
        _kvHeads = kvHeads;
        _headColumns = CeilingDivision.Of(headDim, memory.MultipliersPerBank);
        _slotsPerHead = CeilingDivision.Of(headDim, _organization.Banks);
        _slotsPerChannel = CeilingDivision.Of(kvHeads * _slotsPerHead, memory.Channels);
        if (paged)
        {
            var page = KvPage.Of(memory, kvHeads, headDim);
            long pages = CeilingDivision.Of(reservedContext, page.Tokens);
            _keyRoundsPerPage = page.Tokens / memory.TotalBanks;
            _keyColumnsPerPage = (long)page.KeyRows * _organization.ColumnsPerRow;
            _keyRows = pages * page.KeyRows;
            _rowsPerSlot = checked((int)(pages * (page.Tokens / ElementsPerRow)));
            RowsPerBank = pages * page.Rows;
            return;
        }

        _keyRoundsPerPage = int.MaxValue;
        _rowsPerSlot = CeilingDivision.Of(reservedContext, ElementsPerRow);
        long keyColumns = (long)CeilingDivision.Of(reservedContext, memory.TotalBanks) * KeyColumns;
        _keyRows = CeilingDivision.Of(keyColumns, _organization.ColumnsPerRow);
        RowsPerBank = _keyRows + ((long)_slotsPerChannel * _rowsPerSlot);
    }

    /// <summary>Rows of every bank that one layer and sequence takes; more than there can be, if the context is that long.</summary>
    public long RowsPerBank { get; }

    /// <summary>Pieces that a head's query is cut into, as long as the global buffer; the ASIC adds up their partial scores.</summary>
    public int ScoreParts => CeilingDivision.Of(_headColumns, BufferColumns);

    /// <summary>Pieces that a head's probabilities are cut into, as long as the global buffer; the ASIC adds up their partial
    /// sums.</summary>
    public int ValueParts(int context) => CeilingDivision.Of(context, BufferColumns * _memory.MultipliersPerBank);

    private int ElementsPerRow => _organization.ColumnsPerRow * _memory.MultipliersPerBank;

    private int KeyColumns => _kvHeads * _headColumns;

    private int BufferColumns => _memory.GlobalBufferBytes / _organization.AccessBytes;

    /// <summary>q K^T of one query token over <paramref name="context"/> cached tokens.</summary>
    public ChannelPrograms Scores(int heads, int context) => PerChannel(channel =>
    {
        ProgramBuilder builder = NewBuilder();
        int rounds = TokenGroupsOf(channel, context);
        int headsPerLoad = Math.Max(1, BufferColumns / _headColumns);
        for (int first = 0; first < heads && rounds > 0; first += headsPerLoad)
        {
            int last = Math.Min(first + headsPerLoad, heads);
            for (int done = 0; done < _headColumns; done += BufferColumns)
            {
                int columns = Math.Min(BufferColumns, _headColumns - done);
                builder.LoadBuffer((last - first) * columns);
                for (int round = 0; round < rounds; round++)
                {
                    for (int head = first; head < last; head++)
                    {
                        int kvHead = head / (heads / _kvHeads);
                        builder.Accumulate(KeyColumn(round) + ((long)kvHead * _headColumns) + done, columns);
                    }
                }
            }
        }

        return builder.Finish();
    });

    /// <summary>The weighted sum of the values, given each head's probabilities.</summary>
    public ChannelPrograms WeightedSum(int heads, int context) => PerChannel(channel =>
    {
        ProgramBuilder builder = NewBuilder();
        int firstSlot = channel * _slotsPerChannel;
        int endSlot = Math.Min(firstSlot + _slotsPerChannel, _kvHeads * _slotsPerHead);
        int group = heads / _kvHeads;
        int contextColumns = CeilingDivision.Of(context, _memory.MultipliersPerBank);
        for (int kvHead = firstSlot / _slotsPerHead; kvHead * _slotsPerHead < endSlot; kvHead++)
        {
            int from = Math.Max(firstSlot, kvHead * _slotsPerHead);
            int to = Math.Min(endSlot, (kvHead + 1) * _slotsPerHead);
            for (int query = 0; query < group; query++)
            {
                // The rows of a slot follow one another, so that a piece may run on into the next row.
                for (int done = 0; done < contextColumns; done += BufferColumns)
                {
                    int columns = Math.Min(BufferColumns, contextColumns - done);
                    builder.LoadBuffer(columns);
                    for (int slot = from; slot < to; slot++)
                    {
                        builder.Accumulate((ValueRow(slot - firstSlot) * _organization.ColumnsPerRow) + done, columns);
                    }
                }
            }
        }

        return builder.Finish();
    });

    /// <summary>Writing the key and the value of token <paramref name="position"/>.</summary>
    public ChannelPrograms Append(int position) => PerChannel(channel =>
    {
        ProgramBuilder builder = NewBuilder();
        int slotOfToken = position % _memory.TotalBanks;
        if (slotOfToken / _organization.Banks == channel)
        {
            long column = KeyColumn(position / _memory.TotalBanks);
            builder.Add(PimInstruction.StreamBank(
                DramCommand.WR, slotOfToken % _organization.Banks, (int)(column / _organization.ColumnsPerRow), (int)(column % _organization.ColumnsPerRow), KeyColumns));
            builder.Add(PimInstruction.Close());
        }

        int slots = Math.Min(_slotsPerChannel, (_kvHeads * _slotsPerHead) - (channel * _slotsPerChannel));
        if (slots > 0)
        {
            builder.Add(PimInstruction.WriteColumns(
                (int)ValueRow(0) + (position / ElementsPerRow), _rowsPerSlot, slots, position % ElementsPerRow / _memory.MultipliersPerBank));
        }

        return builder.Finish();
    });

    /// <summary>First column of the keys of one token in every bank.</summary>
    private long KeyColumn(int round) => (round / _keyRoundsPerPage * _keyColumnsPerPage) + ((long)(round % _keyRoundsPerPage) * KeyColumns);

    private long ValueRow(int slotInChannel) => _keyRows + ((long)slotInChannel * _rowsPerSlot);

    /// <summary>Groups of as many tokens as the channel has banks, that hold tokens below <paramref name="context"/>.</summary>
    private int TokenGroupsOf(int channel, int context)
    {
        int groups = CeilingDivision.Of(context, _organization.Banks);
        return (groups / _memory.Channels) + (groups % _memory.Channels > channel ? 1 : 0);
    }

    private ChannelPrograms PerChannel(Func<int, PimInstruction[]> build) => new([.. Enumerable.Range(0, _memory.Channels).Select(build)]);

    private ProgramBuilder NewBuilder() => new(_organization.ColumnsPerRow, _memory.AccumulatorsPerBank);
}
