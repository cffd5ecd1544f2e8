namespace PimSim.Devices.Pim;

/// <summary>
/// The least piece of cache that PIM memory can keep anywhere: so many tokens that their values fill whole rows of every slot and their keys use every
/// bank alike. It is made of whole rows, so that it costs the same wherever they are.
/// </summary>
/// <param name="Tokens">Tokens of one sequence: the least common multiple of the numbers of a row and the banks of all channels.</param>
/// <param name="KeyRows">Rows of every bank that the keys of one layer take; the rest of the last stays empty.</param>
/// <param name="ValueRows">Rows of every bank that the values of one layer take.</param>
public readonly record struct KvPage(int Tokens, int KeyRows, int ValueRows)
{
    /// <summary>Rows of every bank for one layer.</summary>
    public int Rows => KeyRows + ValueRows;

    /// <summary>The page of a cache.</summary>
    public static KvPage Of(PimMemory memory, int kvHeads, int headDim)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ChannelOrganization organization = memory.Channel.Organization;
        int row = organization.ColumnsPerRow * memory.MultipliersPerBank;
        long tokens = row;
        while (tokens % memory.TotalBanks != 0)
        {
            tokens += row;
        }

        long keyColumns = tokens / memory.TotalBanks * kvHeads * CeilingDivision.Of(headDim, memory.MultipliersPerBank);
        int slots = CeilingDivision.Of(kvHeads * CeilingDivision.Of(headDim, organization.Banks), memory.Channels);
        return new KvPage(checked((int)tokens), checked((int)CeilingDivision.Of(keyColumns, organization.ColumnsPerRow)), checked((int)(slots * (tokens / row))));
    }
}
