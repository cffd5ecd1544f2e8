using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Mapping;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

public class AddressMappingTests
{
    private static readonly string[] Levels = ["Ro", "Bg", "Ba", "Ra", "Pc", "Co", "Ch"];
    private static readonly string[] JoinedLevels = ["ro", "ba", "ra", "co", "ch"];
    private static readonly DramOrganization Ddr4 = new(1, 2, 4, 4, 65536, 128, 64, 8);
    private static readonly DramOrganization Hbm2 = new(2, 1, 4, 4, 32768, 32, 32, 1);

    /// <summary>Named mappings worked out by hand: the place of the bits from the lowest, as (level letter, bits).</summary>
    [Theory]
    [InlineData("rochrababgco", "co7 bg2 ba2 ra1 ch1 ro16")]
    [InlineData("RoChRaBaBgCo", "co7 bg2 ba2 ra1 ch1 ro16")]
    [InlineData("chrobabgraco", "co7 ra1 bg2 ba2 ro16 ch1")]
    [InlineData("RoBaRaCoCh", "ch1 co7 ra1 bg2 ba2 ro16")]
    [InlineData("ChRaBaRoCo", "co7 ro16 ba2 bg2 ra1 ch1")]
    [InlineData("RoBgBaRaCoCh", "ch1 co7 ra1 ba2 bg2 ro16")]
    public void Names_place_the_levels_from_the_most_significant(string text, string fields)
    {
        AddressMapping mapping = AddressMapping.Parse(text, Ddr4, 2);
        Gen.Long[0, mapping.Bytes - 1].Sample(address => Assert.Equal(Slice(address >> 6, fields, Ddr4), mapping.Map(address)));
    }

    [Theory]
    [InlineData("RoBaRaCoCh", "ch1 co5 pc1 ra0 bg2 ba2 ro15")]
    [InlineData("ChRaBaRoCo", "co5 ro15 ba2 bg2 ra0 pc1 ch1")]
    [InlineData("RoBaBgRaCoPcCh", "ch1 pc1 co5 ra0 bg2 ba2 ro15")]
    public void Ranks_stand_for_pseudo_channels_too_where_these_are_not_named(string text, string fields)
    {
        AddressMapping mapping = AddressMapping.Parse(text, Hbm2, 2);
        Gen.Long[0, mapping.Bytes - 1].Sample(address => Assert.Equal(Slice(address >> 5, fields, Hbm2), mapping.Map(address)));
    }

    [Fact]
    public void A_list_of_bits_says_the_same_as_a_name() => Gen.Long[0, Ddr4.Bytes - 1].Sample(address =>
        Assert.Equal(
            AddressMapping.Parse("rochrababgco", Ddr4, 1).Map(address),
            AddressMapping.Parse("row=18-33 rank=17 bank=15,16 bankgroup=13-14 column=6-12", Ddr4, 1).Map(address)));

    [Fact]
    public void Exclusive_ors_mix_bits() => Gen.Long[0, Ddr4.Bytes - 1].Sample(address =>
    {
        DramLocation plain = AddressMapping.Parse("rochrababgco", Ddr4, 1).Map(address);
        DramLocation hashed = AddressMapping.Parse("row=18-33; rank=17; bank=15^18,16^19; bankgroup=13^20^6,14; column=6-12", Ddr4, 1).Map(address);
        int bank = Ddr4.BankInGroupOf(plain.Bank) ^ (plain.Row & 3);
        int group = Ddr4.BankGroupOf(plain.Bank) ^ ((plain.Row >> 2) & 1) ^ (plain.Column & 1);
        Assert.Equal(plain with { Bank = Ddr4.BankIndex(Ddr4.RankOf(plain.Bank), group, bank) }, hashed);
    });

    /// <summary>Random memories, random orders of the levels or random invertible bits.</summary>
    [Fact]
    public void Every_mapping_is_a_bijection() => Memories.SelectMany(memory => Gen.Select(Gen.Const(memory), Mappings(memory.Organization, memory.Channels))).Sample((memory, text) =>
    {
        (DramOrganization organization, int channels) = memory;
        AddressMapping mapping = AddressMapping.Parse(text, organization, channels);
        HashSet<DramLocation> seen = [];
        for (long address = 0; address < mapping.Bytes; address += organization.AccessBytes)
        {
            DramLocation place = mapping.Map(address + (address / organization.AccessBytes % organization.AccessBytes));
            Assert.True(seen.Add(place));
            Assert.InRange(place.Channel, 0, channels - 1);
            Assert.InRange(place.Bank, 0, organization.Banks - 1);
            Assert.InRange(place.Row, 0, organization.Rows - 1);
            Assert.InRange(place.Column, 0, organization.AccessesPerRow - 1);
            Assert.Equal(address, mapping.AddressOf(place));
        }
    });

    [Theory]
    [InlineData("RoChRaBaBgCo", 1, 3, "row")]
    [InlineData("RaRoChBaBgCo", 3, 4, "rank")]
    [InlineData("ChRoRaBaBgCo", 2, 4, "channel")]
    public void The_most_significant_level_may_have_any_size(string text, int ranks, int rows, string which)
    {
        int channels = which == "channel" ? 3 : 1;
        DramOrganization organization = new(1, ranks, 2, 2, rows, 4, 8, 1);
        AddressMapping mapping = AddressMapping.Parse(text, organization, channels);
        HashSet<DramLocation> seen = [];
        for (long address = 0; address < mapping.Bytes; address += 8)
        {
            DramLocation place = mapping.Map(address);
            Assert.True(place.Channel < channels && place.Bank < organization.Banks && place.Row < rows && seen.Add(place));
            Assert.Equal(address, mapping.AddressOf(place));
        }
    }

    [Theory]
    [InlineData("rochrababgc", "'c' is not one of Ro, Bg, Ba, Ra, Pc, Co and Ch; RoBaRaCoCh or rochrababgco would be right, or a list of bits such as row=17-32")]
    [InlineData("rochrabaXXco", "'XX' is not one of Ro, Bg, Ba, Ra, Pc, Co and Ch; RoBaRaCoCh or rochrababgco would be right, or a list of bits such as row=17-32")]
    [InlineData("rorochrababgco", "'ro' is named twice")]
    [InlineData("rochbabgco", "'Ra' is missing, and the memory has 2 ranks")]
    [InlineData("rochrabgco", "'Ba' is missing, and the memory has 4 banks per group")]
    [InlineData("row=18-33 rank=17 bank=15,16 bankgroup=13,14 column=6-11", "'column' has 6 bits, and 128 bursts per row take 7")]
    [InlineData("row=18-33 rank=17 bank=15,16 bankgruop=13,14 column=6-12", "'bankgruop=13,14' names no level; did you mean 'bankgroup'? (as in row=17-32)")]
    [InlineData("row=18-33 rank=17 bank=15,16 bank=13,14 column=6-12", "'bank' is given twice")]
    [InlineData("row=18-33 rank=17 bank=15,16 bankgroup=5,14 column=6-12", "bit 5 lies within a burst of 64 bytes; the lowest that selects anything is 6")]
    [InlineData("row=18-33 rank=17 bank=15,16 bankgroup=15,14 column=6-12", "bit 13 of the address selects nothing")]
    [InlineData("row=19-34 rank=17 bank=15,16 bankgroup=13,14 column=6-12", "bit 18 of the address selects nothing")]
    [InlineData("row=18-33 rank=40 bank=15,16 bankgroup=13,14 column=6-12", "bit 17 of the address selects nothing")]
    [InlineData("row=18-33 rank=17^40 bank=15,16 bankgroup=13,14 column=6-12", "bit 40 lies beyond the memory's 17179869184 bytes")]
    [InlineData("row=18-33 rank=17 bank=15^16,16^15 bankgroup=13,14 column=6-12", "different addresses fall on the same place: some bit of a level is the exclusive or of others")]
    [InlineData("row=33-18 rank=17 bank=15,16 bankgroup=13,14 column=6-12", "'33-18' runs downwards; bits are listed from the lowest: 18-33")]
    [InlineData("row=18-33 rank=17 bank=15,x bankgroup=13,14 column=6-12", "'x' is no bit, range or exclusive or of bits; 13, 6-12 or 15^17 would be right")]
    public void Faults_say_what_is_wrong(string text, string message) =>
        Assert.Equal($"address mapping '{text}': {message}", Assert.Throws<PimSimUserException>(() => AddressMapping.Parse(text, Ddr4, 1)).Message);

    [Theory]
    [InlineData(1, 12, 4, 4, "12 rows are not a power of two, which only channels, ranks or rows can be and only as the most significant level of the mapping")]
    [InlineData(3, 16, 4, 4, "3 ranks are not a power of two, which only channels, ranks or rows can be and only as the most significant level of the mapping")]
    [InlineData(1, 16, 3, 4, "3 bankgroups are not a power of two, which only channels, ranks or rows can be and only as the most significant level of the mapping")]
    [InlineData(1, 16, 4, 3, "3 banks per group are not a power of two, which only channels, ranks or rows can be and only as the most significant level of the mapping")]
    public void Sizes_in_the_middle_must_be_powers_of_two(int ranks, int rows, int groups, int banks, string message) =>
        Assert.Equal($"address mapping 'ChRoRaBaBgCo': {message}", Assert.Throws<PimSimUserException>(() => AddressMapping.Parse("ChRoRaBaBgCo", new DramOrganization(1, ranks, groups, banks, rows, 4, 64, 1), 2)).Message);

    [Fact]
    public void Addresses_outside_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => AddressMapping.Parse("RoBaRaCoCh", Ddr4, 1).Map(Ddr4.Bytes));

    private static Gen<int> Power(int most) => Gen.Int[0, most].Select(bits => 1 << bits);

    private static Gen<(DramOrganization Organization, int Channels)> Memories => Gen.Select(Power(1), Power(1), Power(2), Power(2), Power(3), Power(2), Power(3), Power(1))
        .Select((pseudo, ranks, groups, banks, rows, columns, bytes, channels) => (new DramOrganization(pseudo, ranks, groups, banks, rows, columns, bytes, 1), channels));

    private static Gen<string> Mappings(DramOrganization organization, int channels)
    {
        Gen<string> names = Gen.Shuffle(Levels).Select(tokens => string.Concat(tokens));
        Gen<string> joined = Gen.Shuffle(JoinedLevels).Select(tokens => string.Concat(tokens));
        return Gen.OneOf(names, joined, Bits(organization, channels));
    }

    // Shuffled bits, each mixed with later ones of the shuffle: a triangular and so invertible matrix.
    private static Gen<string> Bits(DramOrganization organization, int channels)
    {
        (string Name, int Size)[] levels =
        [
            ("channel", channels), ("pseudochannel", organization.PseudoChannels), ("rank", organization.Ranks), ("bankgroup", organization.BankGroups),
            ("bank", organization.BanksPerGroup), ("row", organization.Rows), ("column", organization.AccessesPerRow),
        ];
        int count = levels.Sum(level => int.Log2(level.Size));
        int[] bits = [.. Enumerable.Range(int.Log2(organization.AccessBytes), count)];
        return Gen.Select(Gen.Shuffle(bits), Gen.Bool.Array[count * count]).Select((shuffled, mixed) =>
        {
            int next = 0;
            return string.Join(" ", levels.Where(level => level.Size > 1).Select(level => $"{level.Name}={string.Join(",", Enumerable.Range(0, int.Log2(level.Size)).Select(_ =>
            {
                int own = next++;
                return string.Join("^", Enumerable.Range(own, count - own).Where(other => other == own || mixed[(own * count) + other]).Select(other => shuffled[other]));
            }))}")) is { Length: > 0 } text ? text : "RoBaRaCoCh";
        });
    }

    private static DramLocation Slice(long unit, string fields, DramOrganization organization)
    {
        Dictionary<string, int> values = new() { ["pc"] = 0 };
        foreach (string field in fields.Split(' '))
        {
            int bits = field[2..].Aggregate(0, (sum, digit) => (sum * 10) + digit - '0');
            values[field[..2]] = (int)(unit & ((1L << bits) - 1));
            unit >>= bits;
        }

        return new DramLocation(values["ch"], organization.BankIndex((values["pc"] * organization.Ranks) + values["ra"], values["bg"], values["ba"]), values["ro"], values["co"]);
    }
}
