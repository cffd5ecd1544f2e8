using System.Text.Json;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Configurations;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Mapping;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>One trace in another simulator, and the same in PimSim: memory and controller set up alike.</summary>
/// <param name="Folder">The simulator's configuration.</param>
/// <param name="Trace">The trace.</param>
/// <param name="Preset">PimSim's controller.</param>
internal sealed record GoldenCase(string Folder, string Trace, string Preset)
{
    private static readonly string[] OneRank =
        ["bg_interleave_read", "bursty_mix", "low_load", "random_read", "random_rw50", "refresh_crossing", "row_conflict", "stream_read", "stream_write", "wr_rd_pairs"];

    private static readonly string[] TwoRanks = ["random_rw50", "rank_switch_read"];

    private static readonly string[] Hbm = ["bg_interleave_read", "faw_activates", "low_load", "random_read", "refresh_crossing", "row_conflict", "stream_read", "stream_write"];

    /// <summary>Every configuration whose controller is a preset's model.</summary>
    public static IEnumerable<GoldenCase> Matched =>
    [
        .. OneRank.Select(trace => new GoldenCase("ramulator21_ddr4_matched_1rank", trace, "ramulator")),
        .. ((string[])["low_load", "random_rw50", "row_conflict", "stream_read"]).Select(trace => new GoldenCase("ramulator21_ddr4_2400R_1rank", trace, "ramulator")),
        .. Hbm.Select(trace => new GoldenCase("ramulator21_hbm2_4Gb_2000_1ch2pc", trace, "ramulator")),
        .. OneRank.Select(trace => new GoldenCase("dramsim3_ddr4_2400_8Gb_x8_1rank", trace, "dramsim3")),
        .. TwoRanks.Select(trace => new GoldenCase("dramsim3_ddr4_2400_8Gb_x8_2rank", trace, "dramsim3")),
        .. Hbm.Select(trace => new GoldenCase("dramsim3_hbm2_8Gb_x128_1ch", trace, "dramsim3")),
    ];

    public override string ToString() => $"{Folder} {Trace}";

    /// <summary>The trace's requests, in the coordinates that the other simulator had.</summary>
    public List<DramRequest> Requests()
    {
        DramSpecification memory = Memory();
        string folder = Folder.Contains("2rank", StringComparison.Ordinal) ? "ddr4_2r"
            : !Folder.Contains("hbm2", StringComparison.Ordinal) ? "ddr4_1r"
            : Folder.StartsWith("dramsim3", StringComparison.Ordinal) ? "hbm2_ds3" : "hbm2_r21";
        string file = SharedData.Require($"golden/dram/requests/{folder}/{Trace}.csv");
        if (folder != "hbm2_ds3")
        {
            return Read(file, AddressMapping.Parse(Policy().Mapping, memory.Organization, 1));
        }

        // The addresses were made for rows of 64 bursts; DRAMsim3 has 32 and lets higher bits drop.
        const string Layout = "rorabgbachco";
        AddressMapping made = AddressMapping.Parse(Layout, memory.Organization with { AccessesPerRow = 64 }, 1);
        AddressMapping mapping = AddressMapping.Parse(Layout, memory.Organization, 1);
        return [.. Read(file, made).Select(request =>
        {
            DramLocation place = mapping.Map(made.AddressOf(new DramLocation(0, request.Bank, request.Row, request.Column)) % mapping.Bytes);
            return request with { Bank = place.Bank, Row = place.Row, Column = place.Column };
        })];
    }

    public ControllerPolicy Policy() => ControllerCatalogue.Open(Preset);

    public DramSpecification Memory() => Folder switch
    {
        // Its read to write distance is that of two idle cycles on the bus.
        "ramulator21_ddr4_matched_1rank" => Edited("ddr4-2400-8gb-x8", ("nBTA: {value: 1,", "nBTA: {value: 2,")),
        "ramulator21_ddr4_2400R_1rank" => Edited("ddr4-2400r", ("tRFC: {value: 350 ns,", "nRFC: {value: 433,"), ("interval: {value: 7800 ns,", "interval: {value: 7800.212 ns,")),
        "ramulator21_hbm2_4Gb_2000_1ch2pc" => DramCatalogue.Open("hbm2-2.0"),
        "dramsim3_hbm2_8Gb_x128_1ch" => DramSim3Memory.Resolve(Configuration()),
        _ => Folder.Contains("2rank", StringComparison.Ordinal)
            ? Edited("ddr4-2400-8gb-x8", ("ranks: {value: 1,", "ranks: {value: 2,"))
            : DramCatalogue.Open("ddr4-2400-8gb-x8"),
    };

    /// <summary>The configuration that a DRAMsim3 run was made with.</summary>
    public DramSim3Configuration Configuration()
    {
        using JsonDocument all = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/dram/configs.json")));
        JsonElement sections = all.RootElement.GetProperty(Folder).GetProperty("values");
        string text = string.Concat(sections.EnumerateObject().Select(section =>
            $"[{section.Name}]\n{string.Concat(section.Value.EnumerateObject().Select(pair => $"{pair.Name} = {pair.Value.GetString()}\n"))}"));

        // DRAMsim3 reads tRTP alone and takes 5 without it; PimSim would hold these two.
        text = text.Replace("trtp_l = 6\n", "trtp = 5\n", StringComparison.Ordinal).Replace("trtp_s = 4\n", "", StringComparison.Ordinal);
        using TemporaryText file = new(text, ".ini");
        return DramSim3Configuration.Load(file.Path);
    }

    /// <summary>The cycle of the last read data. Writes, which the simulators call done at different times, count by their acceptance
    /// where there are no reads.</summary>
    public long LastDone(IReadOnlyList<Service> services)
    {
        List<DramRequest> reads = [.. Requests().Where(request => !request.IsWrite)];
        return reads.Count > 0 ? reads.Max(read => services[(int)read.Id].Done) : services.Max(service => service.Accepted);
    }

    public long OwnLastDone() => LastDone(Ours().Services);

    public PeerRun Theirs() => PeerRun.Load(Folder, Trace, Memory().Organization);

    public OwnRun Ours()
    {
        List<DramRequest> requests = Requests();
        using ListedRequests source = new(requests);
        return OwnRun.Of(Memory(), Policy(), source, requests.Count);
    }

    private static List<DramRequest> Read(string file, AddressMapping mapping)
    {
        using IRequestSource source = RequestFile.Open(file, mapping);
        return [.. TraceText.ReadAll(source)];
    }

    /// <summary>A memory of the catalogue with other values.</summary>
    private static DramSpecification Edited(string name, params ReadOnlySpan<(string Value, string Instead)> edits)
    {
        string text = File.ReadAllText(Path.Combine(SourceTree.Root, "Devices", "Catalogue", "memories", $"{name}.yaml"));
        foreach ((string value, string instead) in edits)
        {
            Xunit.Assert.Contains(value, text, StringComparison.Ordinal);
            text = text.Replace(value, instead, StringComparison.Ordinal);
        }

        using TemporaryText file = new(text, ".yaml");
        return DramCatalogue.Open(file.Path);
    }
}

/// <summary>A file for as long as a test needs it.</summary>
internal sealed class TemporaryText : IDisposable
{
    public TemporaryText(string text, string extension)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"pimsim-{Guid.NewGuid():N}{extension}");
        File.WriteAllText(Path, text);
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}

/// <summary>Requests from a list.</summary>
internal sealed class ListedRequests(IReadOnlyList<DramRequest> requests) : IRequestSource
{
    private int _next;

    public int Read(Span<DramRequest> span)
    {
        int count = Math.Min(span.Length, requests.Count - _next);
        for (int i = 0; i < count; i++)
        {
            span[i] = requests[_next++];
        }

        return count;
    }

    public void Dispose()
    {
    }
}
