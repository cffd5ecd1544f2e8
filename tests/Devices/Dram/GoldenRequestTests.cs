using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Configurations;
using PimSim.Devices.Dram.Mapping;
using PimSim.Devices.Dram.Requests;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

/// <summary>The request files that other simulators ran, and what these made of their addresses.</summary>
public class GoldenRequestTests
{
    private static readonly DramOrganization Ddr4 = new(1, 1, 4, 4, 65536, 128, 64, 8);

    public static TheoryData<string, int, int, int> Files => new()
    {
        { "ddr4_1r/random_rw50", 1, 1, 128 },
        { "ddr4_1r/bursty_mix", 1, 1, 128 },
        { "ddr4_1r/stream_write", 1, 1, 128 },
        { "ddr4_2r/random_rw50", 1, 2, 128 },
        { "ddr4_2r/rank_switch_read", 1, 2, 128 },
        { "hbm2_ds3/random_read", 1, 1, 64 },
        { "hbm2_r21/random_read", 2, 1, 32 },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Coordinates_and_addresses_are_the_same_requests(string name, int pseudoChannels, int ranks, int columns)
    {
        string path = SharedData.Require($"golden/dram/requests/{name}.csv");
        AddressMapping mapping = AddressMapping.Parse("RoBaBgRaPcCoCh", Ddr4 with { PseudoChannels = pseudoChannels, Ranks = ranks, AccessesPerRow = columns }, 1);
        DramOrganization memory = mapping.Organization;
        using IRequestSource source = RequestFile.Open(path, mapping);
        DramRequest[] requests = TraceText.ReadAll(source);

        string[][] rows = [.. File.ReadLines(path).Skip(1).Select(line => line.Split(','))];
        Assert.Equal(2000, rows.Length);
        Assert.Equal(rows, requests.Select(request => (string[])
        [
            $"{request.Id}", $"{request.ArrivalCycle}", request.IsWrite ? "W" : "R", $"{memory.RankOf(request.Bank)}", $"{memory.BankGroupOf(request.Bank)}",
            $"{memory.BankInGroupOf(request.Bank)}", $"{request.Row}", $"{request.Column}",
        ]));

        IEnumerable<string> lines = requests.Select(request => $"0x{mapping.AddressOf(new DramLocation(0, request.Bank, request.Row, request.Column)):x} {(request.IsWrite ? "WRITE" : "READ")} {request.ArrivalCycle}");
        Assert.Equal(requests, TraceText.Read(string.Join("\n", lines), mapping: mapping));
    }

    /// <summary>Where DRAMsim3 put the reads of addresses that were made by its own layout.</summary>
    [Theory]
    [InlineData("dramsim3_ddr4_2400_8Gb_x8_1rank", "ddr4_1r/random_read", "rochrababgco")]
    [InlineData("dramsim3_ddr4_2400_8Gb_x8_2rank", "ddr4_2r/rank_switch_read", "rochrababgco")]
    [InlineData("dramsim3_hbm2_8Gb_x128_1ch", "hbm2_ds3/random_read", "rorabgbachco")]
    public void Addresses_fall_where_DRAMsim3_reads_them(string run, string requests, string layout)
    {
        bool hbm = requests.StartsWith("hbm2", StringComparison.Ordinal);
        DramOrganization organization = DramSim3Configuration.Load(Path.Combine(SourceTree.Root, "samples", "dram", hbm ? "hbm2.ini" : "ddr4-2400.ini")).Organization;
        organization = organization with { Ranks = run.EndsWith("2rank", StringComparison.Ordinal) ? 2 : 1 };
        AddressMapping mapping = AddressMapping.Parse(layout, organization, 1);

        // The addresses of the HBM2 run were made for rows of 64 bursts; DRAMsim3 has 32 and lets higher bits drop.
        AddressMapping made = AddressMapping.Parse(layout, organization with { AccessesPerRow = hbm ? 64 : 128 }, 1);
        using IRequestSource source = RequestFile.Open(SharedData.Require($"golden/dram/requests/{requests}.csv"), made);
        List<DramLocation> expected = [.. TraceText.ReadAll(source).Select(request => mapping.Map(made.AddressOf(new DramLocation(0, request.Bank, request.Row, request.Column)) % mapping.Bytes))];

        List<DramLocation> read = [];
        foreach (string[] fields in File.ReadLines(SharedData.Require($"golden/dram/{run}/{Path.GetFileName(requests)}.cmd.csv")).Skip(1).Select(line => line.Split(',')).Where(fields => fields[1] == "read"))
        {
            int[] numbers = [.. fields[2..].Select(field => int.Parse(field, System.Globalization.CultureInfo.InvariantCulture))];
            read.Add(new DramLocation(numbers[0], organization.BankIndex(numbers[1], numbers[2], numbers[3]), numbers[4], numbers[5]));
        }

        Assert.Equal(expected.OrderBy(Order), read.OrderBy(Order));
    }

    private static (int Bank, int Row, int Column) Order(DramLocation place) => (place.Bank, place.Row, place.Column);
}
