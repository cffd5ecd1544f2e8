using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Streaming;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Streaming;

public class DramStreamingTests
{
    private static readonly ControllerPolicy Default = ControllerCatalogue.Open(ControllerCatalogue.Default);

    public static TheoryData<string> Memories => [.. DramCatalogue.Memories(null).Names];

    /// <summary>
    /// What a refresh costs a stream of reads on paper: from the last read that was let through until the next data, of which the
    /// pipeline's depth is lost once. Of two ranks, whose refreshes are apart, the other one serves at best.
    /// </summary>
    [Theory]
    [MemberData(nameof(Memories))]
    public void One_stream_of_reads_loses_the_refreshes_and_little_else(string name)
    {
        DramSpecification memory = DramCatalogue.Open(name);
        double interval = memory.Refresh.AllBankInterval;
        double refresh = memory.Timings["nRFC"];
        double restart = memory.Timings["nRTP"] + memory.Timings["nRP"] + memory.Timings.GetValueOrDefault("nRCD", memory.Timings.GetValueOrDefault("nRCDRD"));
        int ranks = memory.Organization.Ranks;

        double fraction = DramStreaming.Simulate(memory, Default, new StreamingPattern(1, 1));

        Assert.InRange(fraction, 1 - (ranks * (refresh + restart) / interval) - 0.015, 1 - (refresh / interval) + 0.001);
    }

    [Theory]
    [MemberData(nameof(Memories))]
    public void A_bus_carries_at_most_its_rate(string name)
    {
        DramSpecification memory = DramCatalogue.Open(name);
        ControllerPolicy unrefreshed = Default with { Refresh = RefreshCommand.None, PostponedRefreshes = 0 };
        Random random = new(7);
        for (int i = 0; i < 6; i++)
        {
            StreamingPattern pattern = new(i == 0 ? 1 : random.Next(5) / 4.0, 1 << random.Next(8), 32 << random.Next(6));
            Assert.InRange(DramStreaming.Simulate(memory, unrefreshed, pattern), 0.05, 1);
            Assert.InRange(DramStreaming.Simulate(memory, Default, pattern), 0.05, 1);
        }

        Assert.InRange(DramStreaming.Simulate(memory, unrefreshed, new StreamingPattern(1, 1)), 0.97, 1);
    }

    [Theory]
    [InlineData("ddr4-3200aa")]
    [InlineData("gddr6-16")]
    [InlineData("hbm2e-3.2")]
    public void Streams_that_meet_in_banks_and_turns_of_the_bus_cost_bandwidth(string name)
    {
        DramSpecification memory = DramCatalogue.Open(name);
        double one = DramStreaming.Fraction(memory, new StreamingPattern(1, 1));
        double many = DramStreaming.Fraction(memory, new StreamingPattern(1, 64));
        double manyInRuns = DramStreaming.Fraction(memory, new StreamingPattern(1, 64, 2048));
        double copy = DramStreaming.Fraction(memory, new StreamingPattern(0.5, 1));
        double deepCopy = DramStreaming.Fraction(memory, new StreamingPattern(0.5, 1), ControllerCatalogue.Open("frfcfs-deep"));

        Assert.True(many < 0.7 * one, $"64 streams {many}, one {one}");
        Assert.InRange(manyInRuns, many + 0.1, one);
        Assert.InRange(copy, 0, one - 0.1);
        Assert.InRange(deepCopy, copy + 0.05, one);
    }

    /// <summary>A stream of reads to a bank whose rows hold one burst each: one activation per tRC and burst.</summary>
    [Fact]
    public void Rows_of_one_burst_in_one_bank_are_bound_by_tRC()
    {
        DramSpecification memory = DramCatalogue.Open("ddr4-3200aa");
        DramSpecification oneBank = memory with { Organization = memory.Organization with { BankGroups = 1, BanksPerGroup = 1, AccessesPerRow = 1 } };
        double bound = (double)memory.BurstCycles / memory.Timings["nRC"];

        double fraction = DramStreaming.Simulate(oneBank, Default with { Refresh = RefreshCommand.None }, new StreamingPattern(1, 1));

        Assert.InRange(fraction, 0.98 * bound, 1.001 * bound);
    }

    [Fact]
    public async Task All_threads_get_the_same_fraction()
    {
        StreamingPattern pattern = new(0.75, 3);
        double expected = DramStreaming.Simulate(DramCatalogue.Open("hbm2-2.0"), Default, pattern);
        double[] fractions = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => DramStreaming.Fraction(DramCatalogue.Open("hbm2-2.0"), pattern))));

        Assert.All(fractions, fraction => Assert.Equal(expected, fraction));
    }

    [Fact]
    public void A_changed_memory_of_the_same_name_is_another_memory()
    {
        DramSpecification memory = DramCatalogue.Open("ddr4-3200aa");
        DramSpecification seldom = memory with { Refresh = memory.Refresh with { AllBankInterval = 2 * memory.Refresh.AllBankInterval } };
        StreamingPattern reads = new(1, 1);

        Assert.True(DramStreaming.Fraction(memory, reads) < DramStreaming.Fraction(seldom, reads) - 0.01);
    }

    [Theory]
    [InlineData(1.5, 1, 64, "the share of reads is 1.5; 0 to 1 is allowed")]
    [InlineData(double.NaN, 1, 64, "the share of reads is NaN; 0 to 1 is allowed")]
    [InlineData(1.0, 0, 64, "0 streams; 1 to 65536 are allowed")]
    [InlineData(1.0, 1, 0, "0 bytes in a turn; 1 to 65536 are allowed")]
    public void A_pattern_outside_its_ranges_is_refused(double share, int streams, int bytes, string message)
    {
        DramSpecification memory = DramCatalogue.Open("ddr4-3200aa");
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => DramStreaming.Fraction(memory, new StreamingPattern(share, streams, bytes)));
        Assert.Equal($"streaming pattern: {message}", fault.Message);
    }
}
