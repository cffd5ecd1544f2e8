using CsCheck;
using PimSim.Devices.Systems;
using PimSim.Experiments.Serving.Offload;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using Xunit;

namespace PimSim.Experiments.Tests.Serving.Offload;

public class OffloadReplicaTests
{
    private static readonly Gen<SequenceGroup> Decode =
        from sequences in Gen.Int[1, 40]
        from tokens in Gen.Int[1, 3]
        from before in Gen.Int[0, 900]
        select new SequenceGroup(Phase.Decode, sequences, tokens, (sequences * (long)tokens) + before, sequences);

    private static readonly Gen<SequenceGroup> Prefill =
        from sequences in Gen.Int[1, 3]
        from tokens in Gen.Int[1, 200]
        from before in Gen.Int[0, 100]
        from ends in Gen.Bool
        select new SequenceGroup(Phase.Prefill, sequences, tokens, sequences * (long)(tokens + before), ends ? sequences : 0);

    private static readonly Gen<SequenceGroup[]> Batch =
        from decodes in Decode.Array[0, 2]
        from prefills in Prefill.Array[0, 2]
        where decodes.Length + prefills.Length > 0
        select (SequenceGroup[])[.. decodes, .. prefills];

    private static readonly Gen<Case> Cases =
        from name in Of("lamina-1-2", "lamina-2-4")
        from model in Of("llama-3-8b", "gpt3-2.7b", "llama-2-7b")
        from batches in Gen.Int[1, 5]
        from devices in Of(1, 2, 4, 8)
        from overlap in Gen.Bool
        from byRequests in Gen.Bool
        from prefill in Gen.Bool
        from iterations in Batch.Array[1, 4]
        select new Case(
            Systems.Offload(name) with
            {
                Batches = batches,
                AttentionDevices = devices,
                Overlap = overlap,
                Partition = byRequests ? AttentionPartition.Requests : AttentionPartition.Heads,
                Prefill = prefill ? PrefillPlace.Workers : PrefillPlace.Excluded,
            },
            Systems.Model(model),
            iterations);

    [Fact]
    public void Bytes_time_and_power_add_up_on_random_systems() => Cases.Sample(
        given =>
        {
            OffloadReplica replica = new(given.System, given.Model);
            Picoseconds now = new(5), working = default;
            long bytes = 0, excluded = 0;
            foreach (SequenceGroup[] groups in given.Iterations)
            {
                now += new Picoseconds(1_000_000);
                Picoseconds end = replica.Run(groups, now);
                working += end - now;
                now = end;
                bytes += groups.Sum(group => Bytes(given, group));
                excluded += groups.Sum(group => group.Phase == Phase.Prefill && given.System.Prefill == PrefillPlace.Excluded ? group.Sequences * group.NewTokens : 0);
            }

            Assert.Equal(working, replica.Ledger.TotalTime);
            Assert.Equal(bytes, replica.Counters["networkBytes"]);
            Assert.Equal(given.System.Network.EnergyOf(bytes), OfComponents(replica.Ledger, "network"));
            Assert.Equal(excluded, replica.Counters["excludedPromptTokens"]);

            // Static power flows all the time, at work or not.
            replica.Rest(now + new Picoseconds(777));
            Picoseconds all = now + new Picoseconds(777);
            Assert.Equal(given.System.CreateWorkers().StaticPower * (all * given.System.Replicas), OfComponents(replica.Ledger, "workers-static", "workers-idle"));
            Assert.Equal(given.System.CreateAttention().StaticPower * (all * given.System.AttentionDevices), OfComponents(replica.Ledger, "attention-static", "attention-idle"));
            Assert.Equal(replica.Ledger.TotalEnergy, OfComponents(replica.Ledger, [.. replica.Ledger.EnergyComponents]));
        },
        iter: 60);

    [Fact]
    public void Parts_of_a_batch_have_all_of_it_and_are_almost_equal() => Gen.Select(Batch, Gen.Int[1, 6]).Sample((groups, parts) =>
    {
        SubBatches cut = new(parts);
        cut.Cut(groups);
        SequenceGroup[][] own = [.. Enumerable.Range(0, parts).Select(part => cut.Of(part).ToArray())];
        SequenceGroup[] decodes = [.. groups.Where(group => group.Phase == Phase.Decode)];
        Assert.Equal(decodes.Sum(group => group.Sequences), own.Sum(part => part.Sum(group => group.Sequences)));
        Assert.Equal(decodes.Sum(group => group.ContextTokens), own.Sum(part => part.Sum(group => group.ContextTokens)));
        Assert.Equal(decodes.Sum(group => group.Sampled), own.Sum(part => part.Sum(group => group.Sampled)));
        int[] sizes = [.. own.Select(part => part.Sum(group => group.Sequences))];
        Assert.InRange(sizes.Max() - sizes.Min(), 0, 1);
        Assert.All(own.SelectMany(part => part), group => Assert.Null(group.Fault));
    });

    [Theory]
    [InlineData("llama-3-8b", Phase.Decode, 1, 1, 100)]
    [InlineData("llama-3-8b", Phase.Decode, 37, 1, 37_000)]
    [InlineData("gpt3-2.7b", Phase.Decode, 64, 2, 50_000)]
    [InlineData("llama-3-8b", Phase.Prefill, 3, 500, 1500)]
    [InlineData("gpt3-2.7b", Phase.Prefill, 1, 100, 700)]
    public void One_part_and_no_network_on_two_equal_GPUs_are_what_one_of_them_does_alone(string name, Phase phase, int sequences, int tokens, int context)
    {
        ModelShape model = Systems.Model(name);
        OffloadDefinition system = Systems.Offload("lamina-1-2") with
        {
            CreateAttention = Systems.OneH100,
            Batches = 1,
            Prefill = PrefillPlace.Workers,
            AttentionDevices = 1,
            Overlap = false,
            Network = Systems.NoNetwork,
        };
        OffloadReplica replica = new(system, model);
        Picoseconds end = replica.Run([new SequenceGroup(phase, sequences, tokens, context, sequences)], Picoseconds.Zero);

        IDevice device = Systems.SingleH100();
        Step step = new BatchSteps(model).Build(0, [new SequenceGroup(phase, sequences, tokens, context, sequences)]);
        Picoseconds now = device.BeginStep(step, Picoseconds.Zero);
        foreach (StepBlock block in step.Blocks)
        {
            for (int instance = 0; instance < block.Repeat; instance++)
            {
                foreach (Operator op in block.Operators)
                {
                    now = device.Execute(op, instance, now);
                }
            }
        }

        Assert.Equal(device.EndStep(step, now), end);
        Energy dynamic = OfComponents(device.Ledger, "multiprocessors", "compute", "cache", "memory");
        double offloaded = OfComponents(replica.Ledger, "workers-dynamic", "attention-dynamic").Joules;
        Assert.Equal(dynamic.Joules, offloaded, dynamic.Joules * 1e-12);
    }

    [Fact]
    public void Overlap_sends_the_same_bytes_and_computes_the_same_products_in_two_pieces()
    {
        ModelShape model = Systems.Model("llama-3-8b");
        SequenceGroup[] batch = [new(Phase.Decode, 48, 1, 48 * 2000, 48)];
        OffloadReplica with = new(Systems.Offload("lamina-1-2", ("system.batches", "1")), model);
        OffloadReplica without = new(Systems.Offload("lamina-1-2", ("system.batches", "1"), ("system.overlap", "false")), model);
        with.Run(batch, Picoseconds.Zero);
        without.Run(batch, Picoseconds.Zero);
        Assert.Equal(without.Counters["networkBytes"], with.Counters["networkBytes"]);

        Operator[] fused = [Product(4096 + 2048), Rope(32, 8)];
        Operator[] pieces = [Product(4096), Product(2048), Rope(32, 0), Rope(8, 0)];
        Assert.Equal(32 * (Systems.PicosecondsOnH100(pieces) - Systems.PicosecondsOnH100(fused)), with.Counters["workersBusyPs"] - without.Counters["workersBusyPs"]);

        Operator Product(int outputs) => new() { Kind = OperatorKind.Gemm, Role = OperatorRole.QkvProjection, Phase = Phase.Decode, Rows = 48, Inputs = 4096, Outputs = outputs };
        Operator Rope(int heads, int kvHeads) => new() { Kind = OperatorKind.Rope, Role = OperatorRole.Rope, Phase = Phase.Decode, Rows = 48, Sequences = 48, Context = 2000, Heads = heads, KvHeads = kvHeads, HeadDim = 128 };
    }

    [Fact]
    public void An_iteration_of_known_shapes_allocates_little()
    {
        OffloadReplica replica = new(Systems.Offload("lamina-2-4"), Systems.Model("llama-3-70b"));
        Picoseconds now = replica.Run([new(Phase.Decode, 100, 1, 100_000, 100)], Picoseconds.Zero);
        Assert.Equal(0, Allocations.Least(() => now = replica.Run([new(Phase.Decode, 100, 1, 100_000, 100)], now)));
    }

    [Fact]
    public void Heads_that_do_not_divide_over_the_pool_are_refused_and_requests_do_not_mind()
    {
        OffloadDefinition three = Systems.Offload("lamina-1-2", ("system.attention.count", "3"));
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new OffloadReplica(three, Systems.Model("llama-3-8b")));
        Assert.Contains("lamina-1-2.yaml:", fault.Message, StringComparison.Ordinal);
        Assert.Contains("attention.count: the 8 key/value heads of", fault.Message, StringComparison.Ordinal);
        Assert.Contains("do not divide over 3 devices", fault.Message, StringComparison.Ordinal);
        OffloadReplica replica = new(three with { Partition = AttentionPartition.Requests }, Systems.Model("llama-3-8b"));
        Assert.True(replica.KvCapacityTokens > 0);
    }

    [Fact]
    public void Weights_that_do_not_fit_the_workers_are_refused()
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new OffloadReplica(Systems.Offload("lamina-1-2"), Systems.Model("llama-3-70b")));
        Assert.Contains("does not fit 'h100-sxm'", fault.Message, StringComparison.Ordinal);
    }

    private static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static long Bytes(Case given, SequenceGroup group)
    {
        long rows = (long)group.Sequences * group.NewTokens;
        long cache = 2L * 2 * given.Model.KvHeads * given.Model.HeadDim;
        long query = 2L * given.Model.Heads * given.Model.HeadDim;
        long ofLayer = group.Phase == Phase.Decode ? (2 * query) + cache : given.System.Prefill == PrefillPlace.Workers ? cache : 0;
        return rows * ofLayer * given.Model.Layers;
    }

    private static Energy OfComponents(CostLedger ledger, params string[] names)
    {
        Energy sum = Energy.Zero;
        foreach (string name in names)
        {
            int column = ledger.EnergyComponents.ToList().IndexOf(name);
            for (int row = 0; row < ledger.Rows; row++)
            {
                sum += ledger.Energy(row, column);
            }
        }

        return sum;
    }

    private sealed record Case(OffloadDefinition System, ModelShape Model, SequenceGroup[][] Iterations);
}
