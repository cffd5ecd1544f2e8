namespace PimSim.Devices.Dram.Mapping;

/// <summary>A level of the memory that address bits select, from the coarsest.</summary>
internal enum AddressField : byte
{
    Channel,
    PseudoChannel,
    Rank,
    BankGroup,
    Bank,
    Row,
    Column,
}

/// <summary>Sizes and names of the levels of a memory of several equal channels.</summary>
internal sealed record AddressFields(DramOrganization Organization, int Channels)
{
    /// <summary>Number of levels.</summary>
    public const int Count = (int)AddressField.Column + 1;

    /// <summary>How many of a level there are in the next coarser one.</summary>
    public int Size(AddressField field) => field switch
    {
        AddressField.Channel => Channels,
        AddressField.PseudoChannel => Organization.PseudoChannels,
        AddressField.Rank => Organization.Ranks,
        AddressField.BankGroup => Organization.BankGroups,
        AddressField.Bank => Organization.BanksPerGroup,
        AddressField.Row => Organization.Rows,
        _ => Organization.AccessesPerRow,
    };

    /// <summary>Address bits that a level takes.</summary>
    public int Bits(AddressField field) => CeilingLog2(Size(field));

    /// <summary>Address bits of all levels.</summary>
    public int AllBits()
    {
        int bits = 0;
        for (AddressField field = AddressField.Channel; field <= AddressField.Column; field++)
        {
            bits += Bits(field);
        }

        return bits;
    }

    /// <summary>The level as messages and mappings by bit name it.</summary>
    public static string Name(AddressField field) => field.ToString().ToLowerInvariant();

    /// <summary>A level's size in words.</summary>
    public string Describe(AddressField field)
    {
        string plural = field == AddressField.Column ? "bursts per row" : field == AddressField.Bank ? "banks per group" : $"{Name(field)}s";
        return $"{Size(field)} {plural}";
    }

    private static int CeilingLog2(int size) => 32 - int.LeadingZeroCount(size - 1);
}
