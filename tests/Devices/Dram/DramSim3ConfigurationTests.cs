using System.Globalization;
using System.Text.Json;
using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Configurations;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

public class DramSim3ConfigurationTests
{
    private static readonly string Ddr4 = File.ReadAllText(Path.Combine(SourceTree.Root, "samples", "dram", "ddr4-2400.ini"));
    private static readonly string Hbm2 = File.ReadAllText(Path.Combine(SourceTree.Root, "samples", "dram", "hbm2.ini"));

    [Fact]
    public void Ddr4_reads_as_the_file_says()
    {
        DramSim3Configuration read = Load(Ddr4);
        Assert.Equal("DDR4", read.Protocol);
        Assert.Equal(new DramOrganization(1, 1, 4, 4, 65536, 128, 64, 8), read.Organization);
        Assert.Equal((1, 830, "rochrababgco", 8, 32), (read.Channels, read.ClockPs, read.AddressMapping, read.CommandQueueSize, read.TransactionQueueSize));
        Assert.Equal((false, false, true, true, false, false), (read.ClosesRows, read.RefreshesSingleBanks, read.StaggersRefresh, read.QueuesPerBank, read.UnifiedQueue, read.SplitCommandBus));
        Assert.Equal(
            "nBL=4 nCCDL=6 nCCDS=4 nCL=17 nCWL=12 nFAW=26 nRAS=39 nRC=56 nRCD=17 nRCDRD=17 nRCDWR=17 nREFI=9360 nRFC=420 nRP=17 nRRDL=6 nRRDS=4 nRTP=9 nRTPL=9 nRTPS=9 nRTRS=1 nWR=18 nWTRL=9 nWTRS=3",
            string.Join(" ", read.Timings.OrderBy(timing => timing.Key, StringComparer.Ordinal).Select(timing => $"{timing.Key}={timing.Value}")));
        Assert.Equal((1.2m, 48m, 250m), (read.Currents["VDD"], read.Currents["IDD0"], read.Currents["IDD5AB"]));
        Assert.Empty(read.Ignored);
        Assert.Empty(read.Notes);
    }

    [Fact]
    public void Hbm_columns_are_two_transfers_and_its_buses_are_split()
    {
        DramSim3Configuration read = Load(Hbm2);
        Assert.Equal(new DramOrganization(1, 1, 4, 4, 32768, 32, 64, 1), read.Organization);
        Assert.Equal((8, true, 2L, 2L, 4L, 6L, 2L), (read.Channels, read.SplitCommandBus, read.Timings["nBL"], read.Timings["nCCDS"], read.Timings["nRTPS"], read.Timings["nRTPL"], read.Timings["nRTRS"]));
        Assert.Equal(["tRTP_S and tRTP_L hold; DRAMsim3 reads tRTP alone and takes 5 cycles without it"], read.Notes);
        Assert.False(Load(Hbm2.Replace("BL = 4", "BL = 4\nhbm_dual_cmd = false", StringComparison.Ordinal)).SplitCommandBus);
    }

    /// <summary>Columns of GDDR are bursts; its clock carries 4, 8 or 16 transfers.</summary>
    [Theory]
    [InlineData("GDDR5", 8, 2)]
    [InlineData("GDDR5X", 16, 2)]
    [InlineData("GDDR6", 16, 1)]
    public void Gddr_bursts_are_short(string protocol, int burstLength, long cycles)
    {
        string text = Ddr4.Replace("= DDR4", $"= {protocol}", StringComparison.Ordinal).Replace("BL = 8", $"BL = {burstLength}\nbankgroup_enable = false", StringComparison.Ordinal)
            .Replace("columns = 1024", "columns = 128", StringComparison.Ordinal).Replace("device_width = 8", "device_width = 32", StringComparison.Ordinal);
        DramSim3Configuration read = Load(text);
        Assert.Equal(cycles, read.Timings["nBL"]);
        Assert.Equal((1, 16, 128, 8 * burstLength, 2), (read.Organization.BankGroups, read.Organization.BanksPerGroup, read.Organization.AccessesPerRow, read.Organization.AccessBytes, read.Organization.ChipsPerRank));
    }

    [Fact]
    public void Channel_size_gives_the_ranks() => Gen.Select(Gen.Int[1, 4], Gen.Int[0, 8191]).Sample((ranks, more) =>
    {
        // Three ranks can't be mapped below another level.
        string text = Ddr4.Replace("channel_size = 8192", $"channel_size = {(8192 * ranks) + more}", StringComparison.Ordinal).Replace("rochrababgco", "rarochbabgco", StringComparison.Ordinal);
        DramSim3Configuration read = Load(text);
        Assert.Equal(ranks, read.Organization.Ranks);
        Assert.Equal(more > 0, read.Notes.Count == 1);
    });

    [Fact]
    public void Less_than_a_rank_is_a_rank_and_a_note() =>
        Assert.Equal(["channel_size of 1024 MB is less than one rank; as in DRAMsim3 the channel has one rank of 8192 MB"], Load(Ddr4.Replace("= 8192 ", "= 1024 ", StringComparison.Ordinal)).Notes);

    [Fact]
    public void Keys_are_read_in_any_case_and_what_is_not_modelled_is_named()
    {
        string text = Ddr4.Replace("tRCD =", "TRCD=", StringComparison.Ordinal).Replace("[power]", "[Power]\nIDD2P = 25", StringComparison.Ordinal) + "enable_self_refresh = true\n[thermal]\namb_temp = 40; C\n[other]\noutput_prefix = x;\n# comment\n";
        DramSim3Configuration read = Load(text);
        Assert.Equal(17, read.Timings["nRCD"]);
        Assert.Equal(["Power.IDD2P", "system.enable_self_refresh", "thermal.amb_temp", "other.output_prefix"], read.Ignored);
    }

    [Fact]
    public void Policies_and_queues_are_read()
    {
        DramSim3Configuration read = Load(Ddr4.Replace("OPEN_PAGE", "CLOSE_PAGE", StringComparison.Ordinal).Replace("RANK_LEVEL_STAGGERED", "BANK_LEVEL_STAGGERED", StringComparison.Ordinal)
            .Replace("PER_BANK", "PER_RANK", StringComparison.Ordinal).Replace("tRFC = 420", "tRFC = 420\ntRFCb = 192\ntREFIb = 585", StringComparison.Ordinal) + "unified_queue = True\n");
        Assert.Equal((true, true, false, true), (read.ClosesRows, read.RefreshesSingleBanks, read.QueuesPerBank, read.UnifiedQueue));
        Assert.Equal((192, 585), (read.Timings["nRFCpb"], read.Timings["nREFIpb"]));
    }

    [Theory]
    [InlineData("tRCD = 17\n", "", ": 'tRCD' is missing in [timing], or 'tRCDRD' and 'tRCDWR'")]
    [InlineData("tRAS = 39\n", "", ": 'tRAS' is missing in [timing]")]
    [InlineData("tRAS = 39\n", "tRAS =\n", ": 'tRAS' is missing in [timing]")]
    [InlineData("tRAS = 39\n", "tRASS = 39\n", ":18:1: 'tRASS' is not known in [timing]; did you mean 'tRAS'?\n: 'tRAS' is missing in [timing]")]
    [InlineData("tRAS = 39\n", "tRAS = 3\n", ":18:1: tRAS 3 is less than tRCD 17, but a row is open at least until its first column command")]
    [InlineData("tRRD_L = 6\n", "tRRD_L = 3\n", ":22:1: tRRD_L 3 is less than tRRD_S 4, but the same bank group is no faster than another")]
    [InlineData("tREFI = 9360\n", "tREFI = 400\n", ":20:1: tREFI 400 leaves no time beside tRFC 420")]
    [InlineData("tRTP = 9\n", "", ": 'tRTP' is missing in [timing], or 'tRTP_S' and 'tRTP_L'")]
    [InlineData("tRP = 17\n", "tRP = 17.5\n", ":17:1: tRP '17.5' is no whole number of 0 or more")]
    [InlineData("tRCD = 17\n", "tRCD = x\n", ":16:1: tRCD 'x' is no whole number of 0 or more")]
    [InlineData("tRTP = 9\n", "tRTP = x\n", ":27:1: tRTP 'x' is no whole number of 0 or more")]
    [InlineData("tRP = 17\n", "tRP = 17\ntRP = 18\n", ":18:1: 'tRP' is given again; it stands in line 17 already")]
    [InlineData("tRP = 17\n", "tRP = 17\nrows = 4\n", ":18:1: 'rows' belongs into [dram_structure]")]
    [InlineData("tRP = 17\n", "tRP = 17\nAL = 15\n", ":18:1: additive latency is not modelled; AL = 0 is")]
    [InlineData("tRP = 17\n", "tRP = 17\ntWR 18\n", ":18:1: 'tWR 18' has no '='; 'key = value' would be right")]
    [InlineData("[timing]", "[timings]\n[timing]", ":12:1: '[timings]' is no section; did you mean 'timing'?")]
    [InlineData("protocol = DDR4", "protocol = DDR9", ":4:1: protocol 'DDR9' is not known; did you mean 'DDR3'?")]
    [InlineData("protocol = DDR4", "protocol = HMC", ":4:1: protocol 'HMC' is not modelled; DDR3, DDR4, GDDR5, GDDR5X, GDDR6, LPDDR, LPDDR3, LPDDR4, HBM, HBM2 are")]
    [InlineData("OPEN_PAGE", "OPEN_PAGES", ":47:1: row_buf_policy 'OPEN_PAGES' is not known; did you mean 'OPEN_PAGE'?")]
    [InlineData("IDD4R = 135\n", "", ": 'IDD4R' is missing in [power]")]
    [InlineData("IDD4R = 135\n", "IDD4R = 35\n", ":37:1: IDD4R 35 is less than IDD3N 43, so an access or a refresh would gain energy")]
    [InlineData("BL = 8", "BL = 0", ":10:1: BL '0' is no whole number of 1 or more")]
    [InlineData("BL = 8", "BL = 1", ":10:1: a burst of 1 takes less than a cycle of DDR4, which transfers 2 per cycle")]
    [InlineData("rochrababgco", "rochrababgci", ":45:1: address mapping 'rochrababgci': 'ci' is not one of Ro, Bg, Ba, Ra, Pc, Co and Ch; RoBaRaCoCh or rochrababgco would be right, or a list of bits such as row=17-32")]
    [InlineData("bus_width = 64", "bus_width = 12", ":44:1: bus_width 12 is no multiple of device_width 8, or a burst is no whole number of bytes")]
    [InlineData("RANK_LEVEL_STAGGERED", "BANK_LEVEL_STAGGERED", ": 'tRFCb' is missing in [timing]\n: 'tREFIb' is missing in [timing]")]
    [InlineData("tCK = 0.83", "tCK = 0", ":13:1: tCK '0' is no number above 0")]
    public void Faults_say_where_and_what(string what, string instead, string faults)
    {
        Assert.Contains(what, Ddr4, StringComparison.Ordinal);
        string message = Assert.Throws<PimSimUserException>(() => Load(Ddr4.Replace(what, instead, StringComparison.Ordinal))).Message;
        Assert.Equal(faults.Split('\n').Select(fault => "FILE" + fault), message.Split(Environment.NewLine));
    }

    [Fact]
    public void Shipped_spellings_of_DRAMsim3_are_understood()
    {
        Assert.Equal(9360, Load(Ddr4.Replace("tREFI =", "REFI =", StringComparison.Ordinal)).Timings["nREFI"]);
        DramSim3Configuration read = Load(Ddr4.Replace("tCK = 0.83", "tCK = 0.9375", StringComparison.Ordinal));
        Assert.Equal(938, read.ClockPs);
        Assert.Equal(["tCK of 0.9375 ns is rounded to 938 ps"], read.Notes);
    }

    /// <summary>The configurations that the reference runs were made with.</summary>
    [Fact]
    public void Configurations_of_the_reference_runs_are_read_whole()
    {
        using JsonDocument all = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/dram/configs.json")));
        int runs = 0;
        foreach (JsonProperty run in all.RootElement.EnumerateObject().Where(run => run.Value.TryGetProperty("values", out _)))
        {
            string text = string.Concat(run.Value.GetProperty("values").EnumerateObject().Select(section => $"[{section.Name}]\n{string.Concat(section.Value.EnumerateObject().Select(pair => $"{pair.Name} = {pair.Value.GetString()}\n"))}"));
            DramSim3Configuration read = Load(text);
            JsonElement timing = run.Value.GetProperty("values").GetProperty("timing");
            Assert.Equal(int.Parse(timing.GetProperty("tfaw").GetString()!, CultureInfo.InvariantCulture), read.Timings["nFAW"]);
            Assert.Equal(run.Name.EndsWith("2rank", StringComparison.Ordinal) ? 2 : 1, read.Organization.Ranks);
            Assert.Contains("power.idd2p", read.Ignored);
            runs++;
        }

        Assert.Equal(3, runs);
    }

    private static DramSim3Configuration Load(string text)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            return DramSim3Configuration.Load(path);
        }
        catch (PimSimUserException fault)
        {
            throw new PimSimUserException(fault.Message.Replace(path, "FILE", StringComparison.Ordinal), fault);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
