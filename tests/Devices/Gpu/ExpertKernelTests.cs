using CsCheck;
using PimSim.Devices.Gpu;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Devices.Tests.Stacks;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Gpu;

public class ExpertKernelTests
{
    private static readonly KernelMachine A100 = Replay.Sheet("a100-80").Machine(DataType.Bf16);

    private static readonly ExpertConstants Constants =
        GpuStack.Read(Replay.Open("stacks", "vllm-0.14")).Experts.First(family => family.Serves(GpuArchitecture.Ampere, DataType.Bf16)).Constants;

    private static readonly Gen<(GemmShape Shape, long Pairs)> AnyExperts =
        from experts in Gen.Int[1, 512]
        from pairs in Gen.Int[0, 100_000]
        from inner in Gen.Int[1, 8192]
        from columns in Gen.Int[1, 8192]
        select (new GemmShape(experts, 0, columns, inner, 16, 16, 16), (long)experts + pairs);

    [Fact]
    public void The_fastest_tile_of_the_equations_is_taken() => AnyExperts.Sample(
        (shape, pairs) =>
        {
            double best = Constants.Tiles.Min(tile => OneTile(shape, pairs, tile));
            Assert.Equal(best, ExpertKernel.Time(shape, pairs, A100, Constants).Nanoseconds, best * 1e-9);
        },
        iter: 500);

    [Fact]
    public void Experts_are_never_faster_than_their_flops_at_the_peak_nor_than_their_weights_at_the_streaming_bandwidth() => AnyExperts.Sample((shape, pairs) =>
    {
        KernelTime time = ExpertKernel.Time(shape, pairs, A100, Constants);
        double flops = 2.0 * pairs * shape.Inner * shape.Columns;
        Assert.True(time.Nanoseconds >= flops / A100.FlopsPerNs);
        Assert.True(time.Nanoseconds >= shape.RightBytes / A100.BytesPerNs);
        Assert.True(time.MatrixFlops >= flops);
        Assert.True(time.BusyMultiprocessorNs <= time.Nanoseconds * A100.Multiprocessors);
    });

    /// <summary>The equations of docs/gpu.md for one tile, round by round.</summary>
    private static double OneTile(GemmShape s, long pairs, TileShape tile)
    {
        double rows = Math.Ceiling((double)pairs / s.Batch);
        double blocks = s.Batch * Math.Ceiling(rows / tile.Rows) * Math.Ceiling((double)s.Columns / tile.Columns);
        double steps = Math.Ceiling(s.Inner / 64.0);
        double compute = 2.0 * tile.Rows * tile.Columns * steps * 64 / (A100.FlopsPerNs / 108 * Math.Min(1, Constants.Efficiency));
        double bytes = (s.Batch * (double)s.Inner * s.Columns * 2) + (Constants.PairWeight * pairs * (s.Inner + s.Columns) * 2.0);
        double total = Constants.LaunchNs;
        for (double left = blocks; left > 0; left -= 108 * Constants.Residents)
        {
            double now = Math.Min(left, 108 * Constants.Residents);
            double work = Math.Max(compute * Math.Max(1, Math.Ceiling(now / 108)), steps * Constants.StepNs);
            double read = bytes / blocks * now / (A100.BytesPerNs * Constants.MemoryEfficiency);
            total += Math.Max(work, read) + (Constants.ExposedShare * Math.Min(work, read));
        }

        return total;
    }
}
