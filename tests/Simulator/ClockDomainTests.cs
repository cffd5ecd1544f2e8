using CsCheck;
using PimSim.Simulator.Kernel;
using Xunit;

namespace PimSim.Simulator.Tests;

public class ClockDomainTests
{
    [Fact]
    public void A_clock_never_drifts_against_picoseconds() => Gen.Select(Gen.Long[1, 10_000_000_000], Gen.Long[1, 100_000]).Sample((hertz, seconds) =>
        Assert.Equal(seconds * 1_000_000_000_000, ClockDomain.FromFrequency(hertz).TimeOf(new Cycles(hertz * seconds)).Value), iter: 1000);

    [Fact]
    public void The_edge_at_or_after_an_edge_is_that_edge() => Gen.Select(Gen.Long[1, 10_000_000_000], Gen.Long[0, 1_000_000_000]).Sample((hertz, edge) =>
    {
        var clock = ClockDomain.FromFrequency(hertz);
        Picoseconds time = clock.TimeOf(new Cycles(edge));
        Assert.Equal(edge, clock.EdgeAtOrAfter(time).Value);
        Assert.Equal(edge + 1, clock.EdgeAtOrAfter(time + new Picoseconds(1)).Value);
    });

    [Fact]
    public void A_period_of_whole_picoseconds_is_exact()
    {
        var clock = ClockDomain.FromPeriod(new Picoseconds(500));
        Assert.Equal(1_000_000_500, clock.TimeOf(new Cycles(2_000_001)).Value);
        Assert.Equal(3, clock.EdgeAtOrAfter(new Picoseconds(1001)).Value);
    }
}
