using System.Globalization;
using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Experiments.Serving.Offload;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Parallelism;
using Xunit;

namespace PimSim.Experiments.Tests.Serving.Offload;

/// <summary>The analysis of Lamina (arXiv 2405.01814v2), as formulas and against the simulation.</summary>
public class LaminaTests
{
    // Section 3.1 with one H100 and one H20 at their data sheets' rates and a tolerated slowdown of 0.2; GB/s, batches across.
    public static TheoryData<int, double[]> LeastBandwidth => new()
    {
        { 4096, [0.4, 3.3, 12.8, 19.8, 27.3, 31.1, 31.1] },
        { 8192, [0.4, 3.1, 9.9, 13.6, 16.8, 18.2, 18.2] },
        { 16384, [0.3, 2.7, 6.8, 8.4, 9.5, 10.0, 10.0] },
        { 32768, [0.3, 2.2, 4.2, 4.8, 5.1, 5.2, 5.2] },
    };

    [Theory]
    [MemberData(nameof(LeastBandwidth))]
    public void The_bytes_that_are_sent_are_those_of_the_curve_of_least_bandwidth(int context, double[] published)
    {
        ModelShape model = Systems.Model("llama-3-70b");
        OffloadReplica replica = new(Systems.Offload("lamina-2-4"), model);
        int[] batches = [1, 10, 50, 100, 200, 300, 500];
        const double Parameters = 137.5e9 / 2;
        Picoseconds now = Picoseconds.Zero;
        long before = 0;
        for (int i = 0; i < batches.Length; i++)
        {
            double batch = batches[i];
            now = replica.Run([new SequenceGroup(Phase.Decode, batches[i], 1, (long)batches[i] * context, batches[i])], now);
            long bytes = replica.Counters["networkBytes"] - before;
            before += bytes;
            Assert.Equal((2 + (2.0 / 8)) * 2 * 8192 * batch * 80, bytes);
            double modelSeconds = Math.Max(2 * Parameters * batch / 989e12, ((2 * Parameters) + (2 * 2 * batch * 8192)) / 3.35e12);
            double attentionSeconds = 2.0 * 2 * 8192 * context * batch * 80 / 8 / 4.0e12;
            double least = bytes / (0.2 * (modelSeconds + attentionSeconds)) * 1e-9;
            Assert.InRange(least, published[i] - 0.06, published[i] + 0.06);
        }
    }

    [Theory]
    [InlineData("lamina-1-2", "lamina-vllm-2", "llama-1-30b", 2, 2, 2.18)]
    [InlineData("lamina-2-4", "lamina-vllm-4", "llama-1-65b", 4, 4, 2.19)]
    [InlineData("lamina-2-4", "lamina-vllm-4", "llama-3-70b", 4, 4, 2.30)]
    public void The_cache_has_room_for_more_than_twice_the_batch_of_the_baseline(string lamina, string baseline, string name, int attention, int gpus, double inDecimalBytes)
    {
        ModelShape model = Systems.Model(name);
        long offloaded = new OffloadReplica(Systems.Offload(lamina), model).KvCapacityTokens;
        double ratio = (double)offloaded / Capacity(Systems.Open(baseline), model);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {offloaded} tokens, {ratio:0.000} x {baseline}; with memories of 96 and 80 x 10^9 bytes {inDecimalBytes}"));

        // 96 and 80 GiB, of which vLLM fills nine tenths; the baseline's hold the weights too.
        double byHand = attention * 0.9 * 96 * (1L << 30) / ((gpus * 0.9 * 80 * (1L << 30)) - model.Footprint(1, 1).WeightBytes);
        Assert.Equal(byHand, ratio, byHand * 0.005);
        Assert.InRange(ratio, inDecimalBytes * 0.94, inDecimalBytes);
    }

    [Theory]
    [InlineData("llama-1-65b", new[] { 4, 8, 16, 34 }, 13.2)]
    [InlineData("llama-3-70b", new[] { 16, 64, 128, 276 }, 3.5)]
    public void Sending_queries_first_hides_part_of_the_network_where_nothing_else_does(string name, int[] batches, double published)
    {
        List<double> gains = [];
        foreach (int batch in batches)
        {
            foreach (string parts in (string[])["1", "2"])
            {
                double without = Seconds(name, batch, ("system.batches", parts), ("system.overlap", "false"));
                double with = Seconds(name, batch, ("system.batches", parts), ("system.overlap", "true"));
                double gain = (1 - (with / without)) * 100;
                gains.Add(gain);
                TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}, batch {batch} in {parts}: {without * 1e3:0.00} -> {with * 1e3:0.00} ms, {gain:0.0} % (published: up to {published} %)"));
            }
        }

        // A batch in one piece waits for every transfer. Of two pieces one computes meanwhile, and there is nothing left to hide.
        double best = gains.Where((_, i) => i % 2 == 0).Max();
        Assert.InRange(best, published - 5, published + 5);
        Assert.All(gains.Where((_, i) => i % 2 == 1), gain => Assert.True(gain < best));
    }

    [Theory]
    [InlineData("llama-1-65b")]
    [InlineData("llama-3-70b")]
    public void A_slower_network_stack_costs_at_most_its_latencies_and_bytes(string name)
    {
        double host = Seconds(name, 1, ("system.network_software", "fhbn"));
        double library = Seconds(name, 1, ("system.network_software", "nccl-rdma"));
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: FHBN {host * 1e3:0.000} ms, NCCL {library * 1e3:0.000} ms"));

        // One sequence is one part: 80 round trips stand between its slices, 33.6 us longer each, with 1/35.5 - 1/45.7 ns for each byte at two links.
        Assert.InRange(library - host, 80 * 33.5e-6, 80 * 34.6e-6);
    }

    private static double Seconds(string model, int batch, params (string Key, string Value)[] changes) =>
        new OffloadReplica(Systems.Offload("lamina-2-4", changes), Systems.Model(model)).Run([new SequenceGroup(Phase.Decode, batch, 1, batch * 4096L, batch)], Picoseconds.Zero).Seconds;

    private static long Capacity(SystemDefinition system, ModelShape model)
    {
        IDevice device = system.CreateDevice(new PimSimulation(true));
        TensorParallelism parallelism = new(model, system.Ranks);
        int fits = 0;
        for (int step = 1 << 26; step > 0; step /= 2)
        {
            try
            {
                device.Load(parallelism.Shard(model.Footprint(fits + step, 1)));
                fits += step;
            }
            catch (PimSimUserException)
            {
                // Too many.
            }
        }

        return fits;
    }
}
