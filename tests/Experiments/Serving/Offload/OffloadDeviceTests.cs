using CsCheck;
using PimSim.Devices.Offload;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Serving.Offload;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Experiments.Tests.Serving.Offload;

public class OffloadDeviceTests
{
    private static readonly Gen<Case> Cases =
        from name in Of("lamina-1-2", "lamina-2-4")
        from model in Of("llama-3-8b", "gpt3-2.7b", "llama-2-7b")
        from devices in Of(1, 2, 4, 8)
        from byRequests in Gen.Bool
        from excluded in Gen.Bool
        from sequences in Gen.Int[1, 20]
        from prompt in Gen.Int[2, 300]
        select new Case(
            Systems.Offload(name) with
            {
                Batches = 1,
                Overlap = false,
                AttentionDevices = devices,
                Partition = byRequests ? AttentionPartition.Requests : AttentionPartition.Heads,
                Prefill = excluded ? PrefillPlace.Excluded : PrefillPlace.Workers,
            },
            Systems.Model(model),
            sequences,
            prompt);

    /// <summary>To the picosecond and the attojoule, prompts included.</summary>
    [Fact]
    public void A_step_of_plain_decoding_is_an_iteration_of_the_serving_replica() => Cases.Sample(AssertSame, iter: 25);

    [Theory]
    [InlineData("attacc-1", "llama-2-7b", 1, 200)]
    [InlineData("attacc-1", "llama-2-7b", 3, 100)]
    [InlineData("pim-gpt-attention", "llama-2-7b", 18, 40)]
    public void The_same_with_attention_in_memory(string name, string model, int sequences, int prompt) =>
        AssertSame(new Case(Systems.Offload(name) with { Batches = 1, Overlap = false }, Systems.Model(model), sequences, prompt));

    [Fact]
    public void Batches_and_overlap_of_the_system_change_nothing_but_the_idle_replicas()
    {
        OffloadDefinition one = Systems.Offload("lamina-1-2") with { Batches = 1, Overlap = false };
        Picoseconds[] ends = [.. new[] { one, one with { Batches = 3, Overlap = true } }.Select(system => Replayed(system).Elapsed)];
        Assert.Equal(ends[0], ends[1]);
    }

    [Fact]
    public void Excluded_prompts_cost_nothing_and_are_counted()
    {
        OffloadDevice device = new(Systems.Offload("lamina-1-2"));
        ReplayResult result = new TraceReplay(device).Run(Source(Systems.Model("llama-2-7b"), 3, 50, 1), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((Picoseconds.Zero, Energy.Zero, 150L), (result.Elapsed, device.Ledger.TotalEnergy, device.Counters["excludedPromptTokens"]));
    }

    [Fact]
    public void Keys_and_values_without_an_attention_are_sent_by_themselves()
    {
        OffloadDefinition system = Systems.Offload("lamina-1-2") with { Batches = 1, Overlap = false };
        ModelShape model = Systems.Model("llama-2-7b");
        OffloadDevice device = new(system);
        device.Load(model.Footprint(100, 2));
        Operator append = OverCache(OperatorKind.KvAppend) with { Heads = 0 };
        Step step = new(0, Phase.Draft, [new StepBlock([append], 1)], 0);
        Picoseconds end = StepRun.On(device, step, Picoseconds.Zero);

        // 2 tokens x keys and values of 32 heads x 128 in 2 bytes, a half on each of the two devices.
        long bytes = 2 * 2 * 32 * 128 * 2;
        AttentionCost write = new Func<AttentionCost>(() =>
        {
            IAttentionDevice one = system.CreateAttention();
            one.Load(new CachePart("m", 32, 16, 128, 100, DataType.Fp16));
            return one.Cost(append with { KvHeads = 16 });
        })();
        Assert.Equal(bytes, device.Counters["networkBytes"]);
        Picoseconds host = system.CreateWorkers().HostCost(0, false);
        Assert.Equal(system.Network.Occupancy(bytes, bytes / 2) + system.Network.Latency + write.Time + host, end);
        Assert.Equal(end, device.Ledger.TotalTime);
    }

    [Fact]
    public void Scores_stay_in_the_pool_and_copies_to_a_host_are_refused()
    {
        OffloadDevice device = new(Systems.Offload("lamina-1-2"));
        device.Load(Systems.Model("llama-2-7b").Footprint(100, 2));
        Step step = new(0, Phase.Decode, [new StepBlock([OverCache(OperatorKind.AttentionScores)], 1)], 0);
        StepRun.On(device, step, Picoseconds.Zero);
        Assert.Equal(2 * 32 * 128 * 2, device.Counters["networkBytes"]);
        Operator copy = OverCache(OperatorKind.HostCopy) with { Outputs = 5 };
        Assert.Contains("copies between its memories and a host", Assert.Throws<PimSimUserException>(() => device.Execute(copy, 0, Picoseconds.Zero)).Message, StringComparison.Ordinal);
        Assert.Contains("'host_cost_per_item'", Assert.Throws<PimSimUserException>(() => device.Execute(copy with { Kind = OperatorKind.HostWork }, 0, Picoseconds.Zero)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cache_that_does_not_fit_the_pool_is_refused_with_both_sizes()
    {
        OffloadDevice device = new(Systems.Offload("attacc-1"));
        string fault = Assert.Throws<PimSimUserException>(() => device.Load(Systems.Model("llama-2-7b").Footprint(4096, 400))).Message;
        Assert.Contains("400 x 4096 tokens need room for", fault, StringComparison.Ordinal);
    }

    private static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static void AssertSame(Case given)
    {
        OffloadReplica replica = new(given.System, given.Model);
        OffloadDevice device = new(given.System);
        SystemParallelism sharing = new(given.System.Gpus);
        IStepSource source = SharedSource.Of(Source(given.Model, given.Sequences, given.Prompt, 3), given.Model, sharing);
        device.Load(source.Footprint);
        Picoseconds now = Picoseconds.Zero, expected = Picoseconds.Zero;
        int context = given.Prompt;
        foreach (Step step in source.Steps())
        {
            int fresh = step.Phase == Phase.Prefill ? given.Prompt : 1;
            expected = replica.Run([new SequenceGroup(step.Phase, given.Sequences, fresh, (long)given.Sequences * context, given.Sequences)], expected);
            now = StepRun.On(device, step, now);
            Assert.Equal(expected, now);
            context++;
        }

        Assert.Equal(now, device.Ledger.TotalTime);
        Assert.Equal(replica.Ledger.TotalEnergy, device.Ledger.TotalEnergy);
        Assert.Equal(replica.Counters["networkBytes"], device.Counters["networkBytes"]);
        Assert.Equal(replica.Counters["excludedPromptTokens"], device.Counters["excludedPromptTokens"]);
    }

    private static ReplayResult Replayed(OffloadDefinition system) => new TraceReplay(new OffloadDevice(system)).Run(Source(Systems.Model("llama-2-7b"), 4, 30, 3));

    private static GenerationSource Source(ModelShape model, int sequences, int prompt, int tokens) => new(model, new Autoregressive(), new GenerationRequest(prompt, tokens, sequences));

    private static Operator OverCache(OperatorKind kind) => new()
    {
        Kind = kind,
        Role = kind == OperatorKind.AttentionScores ? OperatorRole.KvSelection : OperatorRole.KvAppend,
        Phase = Phase.Decode,
        Rows = 2,
        Sequences = 2,
        Context = 40,
        Heads = 32,
        KvHeads = 32,
        HeadDim = 128,
        WeightType = DataType.Fp16,
        ActivationType = DataType.Fp16,
        KvType = DataType.Fp16,
    };

    private sealed record Case(OffloadDefinition System, ModelShape Model, int Sequences, int Prompt);
}
