using CsCheck;
using PimSim.Devices.Gpu.Tiles;
using Xunit;

namespace PimSim.Devices.Tests.Gpu;

public class TileListTests
{
    private static readonly Gen<TileSpan> AnyBlock =
        from start in Gen.Double[0, 500]
        from compute in Gen.Double[1, 2000]
        from latency in Gen.Double[0, 4000]
        select new TileSpan(start, compute, latency);

    [Fact]
    public void The_heap_takes_as_long_as_looking_at_every_multiprocessor_at_every_event() =>
        Gen.Select(AnyBlock.Array[1, 60], Gen.Int[1, 9], Gen.Int[1, 3], Gen.Bool).Sample(
            (blocks, multiprocessors, residents, ahead) =>
            {
                double plain = PlainTileList.Ns(blocks, multiprocessors, residents, ahead);
                Assert.Equal(plain, TileList.Ns(blocks, multiprocessors, residents, ahead), plain * 1e-9);
            },
            iter: 2000);

    [Fact]
    public void A_block_claimed_ahead_waits_for_the_one_before_it()
    {
        // Two multiprocessors; the third block belongs to the first of them, which is busy longest.
        TileSpan[] blocks = [new(0, 100, 0), new(0, 10, 0), new(0, 10, 0)];
        Assert.Equal(100, TileList.Ns(blocks, 2, 1, ahead: false), 1e-9);
        Assert.Equal(110, TileList.Ns(blocks, 2, 1, ahead: true), 1e-9);
    }

    [Fact]
    public void Two_on_a_multiprocessor_share_its_rate_but_not_their_latencies()
    {
        Assert.Equal(205, TileList.Ns([new(5, 100, 0), new(5, 100, 0)], 1, 2, ahead: false), 1e-9);
        Assert.Equal(305, TileList.Ns([new(5, 100, 300), new(5, 100, 300)], 1, 2, ahead: false), 1e-9);
        Assert.Equal(105, TileList.Ns([new(5, 100, 0), new(5, 100, 0)], 2, 2, ahead: false), 1e-9);
    }

    [Fact]
    public void Equal_blocks_take_rounds_and_the_rest_spreads_out()
    {
        TileSpan[] equal = [.. Enumerable.Repeat(new TileSpan(7, 100, 130), 13)];

        // Five of two: ten share, then three have a multiprocessor each.
        Assert.Equal(207 + 137, TileList.Ns(equal, 5, 2, ahead: false), 1e-9);
        Assert.Equal(3 * 137, TileList.Ns(equal, 5, 1, ahead: false), 1e-9);
        Assert.Equal(3 * 137, TileList.Ns(equal, 5, 1, ahead: true), 1e-9);
    }

    [Fact]
    public void The_list_allocates_nothing()
    {
        TileSpan[] blocks = [.. Enumerable.Range(1, 500).Select(i => new TileSpan(1, i, 0))];
        TileList.Ns(blocks, 108, 2, ahead: false);
        Assert.Equal(0, Allocations.Least(() => TileList.Ns(blocks, 108, 2, ahead: false)));
    }
}
