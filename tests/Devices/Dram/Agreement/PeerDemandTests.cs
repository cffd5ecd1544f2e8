using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Requests;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>Where simulators agree among themselves, whatever their controllers are like, PimSim agrees with all of them.</summary>
public class PeerDemandTests
{
    private const string Ramulator = "ramulator21_ddr4_matched_1rank";
    private const string DramSim3 = "dramsim3_ddr4_2400_8Gb_x8_1rank";
    private const string DramSys = "dramsys51_ddr4_matched_1rank";

    public static TheoryData<string, string, string> Cases => CommandAgreementTests.Cases;

    /// <summary>4000 activations and reads, 42 refreshes.</summary>
    [Theory]
    [InlineData(Ramulator)]
    [InlineData(DramSys)]
    public void Low_load_is_the_same_in_Ramulator_and_DRAMSys(string folder)
    {
        List<BusCommand> ours = Without(new GoldenCase(folder, "low_load", "ramulator").Ours().Commands);
        Assert.Equal(4042, ours.Count);
        Assert.Equal(Without(Theirs(folder, "low_load").Commands), ours);
    }

    [Theory]
    [InlineData("row_conflict", DramSim3, 4016)]
    [InlineData("row_conflict", DramSys, 4016)]
    [InlineData("bg_interleave_read", DramSim3, 2016)]
    [InlineData("bg_interleave_read", DramSys, 2016)]
    public void One_bank_and_the_bank_groups_are_the_same_in_DRAMsim3_and_DRAMSys(string trace, string folder, int commands)
    {
        CommandAgreement agreement = new(Without(new GoldenCase(folder, trace, "dramsim3").Ours().Commands), Without(Theirs(folder, trace).Commands));
        Assert.Equal((commands, 0), (agreement.Same, agreement.OnlyOurs.Count));
        Assert.True(agreement.TheirsOnlyRefreshesBehindTheEnd);
    }

    [Theory]
    [InlineData("ramulator", 61.825)]
    [InlineData("dramsim3", 62.403)]
    public void Unloaded_latency_is_that_of_the_simulators(string preset, double mean)
    {
        OwnRun own = new GoldenCase(DramSim3, "low_load", preset).Ours();
        Assert.Equal(mean, own.Statistics.ReadLatency.Mean, 1e-9);
        Assert.Equal(39, own.Services[0].Done - own.Services[0].Accepted);
    }

    /// <summary>1 + tRCD + CL + BL/2.</summary>
    [Theory]
    [InlineData("ramulator")]
    [InlineData("dramsim3")]
    [InlineData("frfcfs")]
    public void A_read_of_a_closed_bank_takes_39_cycles(string preset)
    {
        using ListedRequests one = new([new DramRequest(0, 0, 0, 5, 1000, 3, false)]);
        OwnRun own = OwnRun.Of(DramCatalogue.Open("ddr4-2400-8gb-x8"), new GoldenCase(DramSim3, "", preset).Policy(), one, 1);
        Assert.Equal(new Service(0, 39), own.Services[0]);
        Assert.Equal([new BusCommand(1, DramCommand.ACT, 5, 1000, -1), new BusCommand(18, DramCommand.RD, 5, 1000, 3)], own.Commands);
    }

    [Theory]
    [InlineData("refresh_crossing", "ramulator")]
    [InlineData("refresh_crossing", "dramsim3")]
    [InlineData("refresh_crossing", "frfcfs")]
    [InlineData("wr_rd_pairs", "ramulator")]
    [InlineData("wr_rd_pairs", "dramsim3")]
    [InlineData("wr_rd_pairs", "frfcfs")]
    public void Traces_without_choices_take_as_long_in_every_simulator(string trace, string preset)
    {
        foreach (string folder in (string[])[Ramulator, DramSim3, DramSys])
        {
            GoldenCase golden = new(folder, trace, preset);
            AssertClose(golden, 0.003);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Other_traces_take_as_long_as_in_the_simulator_whose_controller_it_is(string folder, string trace, string preset) =>
        AssertClose(new GoldenCase(folder, trace, preset), 0.01);

    private static void AssertClose(GoldenCase golden, double share)
    {
        long theirs = golden.LastDone(golden.Theirs().Services);
        Assert.Equal(theirs, golden.LastDone(golden.Ours().Services), theirs * share);
    }

    private static PeerRun Theirs(string folder, string trace) => PeerRun.Load(folder, trace, DramCatalogue.Open("ddr4-2400-8gb-x8").Organization);

    private static List<BusCommand> Without(IEnumerable<BusCommand> commands) => CommandAgreement.WithoutPrecharges(commands);
}
