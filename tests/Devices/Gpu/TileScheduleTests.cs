using CsCheck;
using PimSim.Devices.Gpu.Tiles;
using Xunit;

namespace PimSim.Devices.Tests.Gpu;

public class TileScheduleTests
{
    private static readonly Gen<TileGroup> AnyGroup =
        from count in Gen.Int[0, 40]
        from start in Gen.Double[0, 500]
        from compute in Gen.Double[0, 2000]
        from latency in Gen.Double[0, 1000]
        from read in Gen.Double[0, 100_000]
        from write in Gen.Double[1, 50_000]
        select new TileGroup(count, start, compute, latency, read, write);

    private static readonly Gen<TileMachine> AnyMachine =
        from multiprocessors in Gen.Int[1, 9]
        from residents in Gen.Int[1, 3]
        from bandwidth in Gen.Double[10, 500]
        from tile in Gen.Double[5, 200]
        from exposed in Gen.Double[0, 1]
        from store in Gen.Double[5, 200]
        from weight in Gen.Double[0, 2]
        select new TileMachine(multiprocessors, residents, bandwidth, tile, exposed, store, weight);

    [Fact]
    public void Rounds_of_equal_blocks_take_as_long_as_one_block_at_a_time() => Gen.Select(AnyGroup, AnyMachine).Sample(
        (group, machine) =>
        {
            double plain = PlainSchedule.Run([group], machine);
            Assert.Equal(plain, TileSchedule.Uniform(group, machine), 1e-6 * Math.Max(1, plain));
        },
        iter: 400);

    [Fact]
    public void One_block_more_than_fits_takes_another_round()
    {
        TileGroup tile = new(108, 100, 1000, 0, 0, 0);
        TileMachine machine = new(108, 1, 2000, 50, 0, 100, 1);
        Assert.Equal(1100, TileSchedule.Uniform(tile, machine), 1e-9);
        Assert.Equal(2200, TileSchedule.Uniform(tile with { Count = 109 }, machine), 1e-9);
        Assert.Equal(2200, TileSchedule.Uniform(tile with { Count = 216 }, machine), 1e-9);
    }

    [Fact]
    public void No_blocks_take_no_time() => Assert.Equal(0, TileSchedule.Uniform(new TileGroup(0, 1, 1, 1, 1, 1), new TileMachine(4, 1, 10, 10, 0, 10, 1)));
}
