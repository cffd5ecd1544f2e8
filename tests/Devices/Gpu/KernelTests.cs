using CsCheck;
using PimSim.Devices.Gpu;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Devices.Tests.Stacks;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Gpu;

/// <summary>Kernels against bounds that hold for any library on any GPU, and against formulas written anew.</summary>
public class KernelTests
{
    private static readonly KernelMachine A100 = Replay.Sheet("a100-80").Machine(DataType.Bf16);
    private static readonly GpuStack Stack = GpuStack.Read(Replay.Open("stacks", "vllm-0.14"));
    private static readonly GemmConstants Gemm = Stack.Gemm.First(family => family.Serves(GpuArchitecture.Ampere, DataType.Bf16)).Constants;
    private static readonly DecodeAttentionConstants Decode = Stack.DecodeAttention.First(family => family.Serves(GpuArchitecture.Ampere, DataType.Bf16)).Constants;
    private static readonly PrefillAttentionConstants Prefill = Stack.PrefillAttention.First(family => family.Serves(GpuArchitecture.Ampere, DataType.Bf16)).Constants;

    private static readonly Gen<GemmShape> AnyGemm = Gen.Select(Gen.Int[1, 3], Gen.Int[1, 5000], Gen.Int[1, 9000], Gen.Int[1, 9000])
        .Select((batch, rows, columns, inner) => new GemmShape(batch, rows, columns, inner, 16, 16, 16));

    private static readonly Gen<AttentionShape> AnyDecode =
        from sequences in Gen.Int[1, 300]
        from context in Gen.Int[1, 40_000]
        from kvHeads in Gen.Int[1, 16]
        from queriesPerKey in Gen.Int[1, 8]
        select new AttentionShape(sequences, 1, context, kvHeads * queriesPerKey, kvHeads, 128, true, 2, 2);

    [Fact]
    public void A_product_is_never_faster_than_its_flops_at_the_peak_nor_than_its_reads_at_the_streaming_bandwidth() => AnyGemm.Sample(shape =>
    {
        KernelTime time = GemmKernel.Time(shape, A100, Gemm);
        double flops = 2.0 * shape.Batch * shape.Rows * shape.Columns * shape.Inner;
        Assert.True(time.Nanoseconds >= flops / A100.FlopsPerNs);
        Assert.True(time.Nanoseconds >= (shape.LeftBytes + shape.RightBytes) / A100.BytesPerNs);
        Assert.True(time.MatrixFlops + time.VectorFlops >= flops);
        Assert.True(time.BusyMultiprocessorNs <= time.Nanoseconds * A100.Multiprocessors);
    });

    [Fact]
    public void A_product_is_not_slower_on_a_machine_that_is_better_in_everything() => AnyGemm.Sample(shape =>
    {
        KernelMachine better = A100 with { FlopsPerNs = A100.FlopsPerNs * 1.5, BytesPerNs = A100.BytesPerNs * 1.5 };
        Assert.True(GemmKernel.Time(shape, better, Gemm).Nanoseconds <= GemmKernel.Time(shape, A100, Gemm).Nanoseconds * (1 + 1e-12));
    });

    [Fact]
    public void The_fastest_of_all_tiles_and_splits_is_taken() => AnyGemm.Sample(
        shape =>
        {
            double best = shape.Rows == 1 ? double.PositiveInfinity : Gemm.Tiles.SelectMany(tile => Gemm.Splits.Select(split => OneKernel(shape, tile, split))).Min();
            if (shape.Rows > 1)
            {
                Assert.Equal(best, GemmKernel.Time(shape, A100, Gemm).Nanoseconds, best * 1e-9);
            }
        },
        iter: 200);

    [Fact]
    public void Decode_attention_streams_its_keys_and_values_at_most_at_the_streaming_bandwidth() => AnyDecode.Sample(shape =>
    {
        KernelTime time = DecodeAttentionKernel.Time(shape, A100, Decode);
        Assert.True(time.Nanoseconds >= (double)shape.Sequences * shape.KvHeads * shape.Context * shape.TokenBytes / A100.BytesPerNs);
        Assert.True(time.MemoryBytes >= (double)shape.Sequences * shape.KvHeads * shape.Context * shape.TokenBytes);
    });

    [Theory]
    [InlineData(SplitRule.Budget, 16, 4, 8, true, 100, 4)]
    [InlineData(SplitRule.Budget, 16, 64, 8, true, 100, 1)]
    [InlineData(SplitRule.Budget, 16, 1, 8, true, 3, 3)]
    [InlineData(SplitRule.FlashAttention2, 128, 1, 1, false, 100, 1)]
    [InlineData(SplitRule.FlashAttention2, 128, 200, 1, true, 100, 1)]
    [InlineData(SplitRule.FlashAttention2, 128, 1, 8, true, 1, 1)]
    [InlineData(SplitRule.Dynamic, 32, 1, 1, true, 1000, 32)]
    [InlineData(SplitRule.Dynamic, 32, 128, 8, true, 64, 1)]
    public void Contexts_are_split_by_the_rule(SplitRule rule, int most, int sequences, int kvHeads, bool grouped, int steps, int parts)
    {
        DecodeAttentionConstants constants = new(rule, most, 128, 1, Decode.Values);
        Assert.Equal(parts, SplitRules.Parts(constants, 108, sequences, kvHeads, grouped, steps));
    }

    [Fact]
    public void A_causal_prompt_takes_between_half_and_all_of_a_bidirectional_one() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[512, 4096], Gen.Int[1, 32]).Sample((sequences, tokens, heads) =>
        {
            AttentionShape causal = new(sequences, tokens, tokens, heads, heads, 128, true, 2, 2);
            KernelTime one = PrefillAttentionKernel.Time(causal, A100, Prefill);
            KernelTime all = PrefillAttentionKernel.Time(causal with { Causal = false }, A100, Prefill);

            // Half of the work; tails make it a little less or more. Where the last tile decides, both take the same time, but for rounding.
            Assert.InRange(one.Nanoseconds / all.Nanoseconds, 0.4, 1 + 1e-9);
            Assert.True(one.Nanoseconds >= 2.0 * sequences * heads * tokens * (double)tokens * 128 / A100.FlopsPerNs);
        });

    [Fact]
    public void A_product_of_weights_in_int8_reads_half_the_bytes()
    {
        GemmShape half = new(1, 1, 8192, 8192, 16, 16, 16);
        Assert.Equal(8192.0 * 8192, GemmKernel.Time(half, A100, Gemm).MemoryBytes - GemmKernel.Time(half with { RightBits = 8 }, A100, Gemm).MemoryBytes);
    }

    [Fact]
    public void Activations_that_come_in_16_bits_are_quantised_before_the_product() => AnyGemm.Sample(shape =>
    {
        GemmConstants without = Gemm.With(Gemm.Values.SetItem(14, 0));
        KernelTime bare = GemmKernel.Time(shape with { LeftBits = 8 }, A100, without);
        KernelTime time = GemmKernel.Time(shape with { LeftBits = 8 }, A100, Gemm.With(Gemm.Values.SetItem(14, 0.25)));
        double numbers = (double)shape.Batch * shape.Rows * shape.Inner;
        Assert.Equal(numbers * 2 / (A100.BytesPerNs / 4), time.Nanoseconds - bare.Nanoseconds, time.Nanoseconds * 1e-12);
        Assert.Equal(numbers * 3, time.MemoryBytes - bare.MemoryBytes, time.MemoryBytes * 1e-12);
    });

    /// <summary>The equations of docs/gpu.md for one tile and one split, written out.</summary>
    private static double OneKernel(GemmShape s, TileShape tile, int split)
    {
        double steps = Math.Ceiling(Math.Ceiling(s.Inner / (double)split) / 64);
        double parts = Math.Ceiling(s.Inner / (steps * 64));
        double count = s.Batch * Math.Ceiling(s.Rows / (double)tile.Rows) * Math.Ceiling(s.Columns / (double)tile.Columns) * parts;
        double intensity = (double)tile.Rows * tile.Columns / (tile.Rows + tile.Columns);
        double perMultiprocessor = A100.FlopsPerNs / 108 * Math.Min(1, Gemm.Efficiency * intensity / (intensity + Gemm.HalfIntensity));
        double compute = Math.Max(
            2.0 * tile.Rows * tile.Columns * steps * 64 / perMultiprocessor,
            (tile.Rows + tile.Columns) * 2.0 * steps * 64 / (Gemm.CacheBytesPerClock * 1.41));
        int residents = (int)Math.Clamp(Math.Min(A100.SharedMemoryBytes / ((tile.Rows + tile.Columns) * 2.0 * 64 * 3), A100.RegisterBytes * 0.75 / (tile.Rows * tile.Columns * 4.0)), 1, 8);
        double read = (s.LeftBytes + s.RightBytes) / count;
        double write = tile.Rows * tile.Columns * (parts > 1 ? 4.0 : 2.0);
        double total = Gemm.LaunchNs;
        for (double left = count; left > 0; left -= 108 * residents)
        {
            double now = Math.Min(left, 108 * residents);
            double share = Math.Max(1, Math.Ceiling(now / 108));
            double a = Math.Max(compute * share, steps * Gemm.StepNs);
            double b = Math.Max(read / Gemm.TileBytesPerNs, read * now / A100.BytesPerNs);
            total += Gemm.PrologueNs + Math.Max(a, b) + (Gemm.ExposedShare * Math.Min(a, b))
                + Math.Max(write * share / Gemm.StoreBytesPerNs, write * Gemm.WriteWeight * now / A100.BytesPerNs);
        }

        return parts > 1
            ? total + Gemm.SplitNs + (s.Batch * s.Rows * s.Columns * 4.0 * (parts + 1) / (Gemm.ReductionBandwidth * A100.BytesPerNs))
            : total;
    }
}
