using CsCheck;
using PimSim.Devices.Offload;
using PimSim.Devices.Systems;
using PimSim.Experiments.Serving.Offload;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Experiments.Tests.Serving.Offload;

public class AttentionPoolTests
{
    private static readonly ModelShape Model = Systems.Model("llama-3-8b");

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(8, 2, 2)]
    [InlineData(10, 3, 2)]
    public void By_requests_the_device_with_most_sequences_sets_the_time_and_all_of_them_the_energy(int sequences, int most, int least)
    {
        AttentionPool pool = Pool(AttentionPartition.Requests);
        SequenceGroup[] group = [new(Phase.Decode, sequences, 1, sequences * 1000, sequences)];
        (AttentionCost busiest, AttentionCost other) = (Cost(32, 8, most, 999), least == 0 ? default : Cost(32, 8, least, 999));
        int devicesWithMost = sequences - (4 * least);
        AttentionCost cost = pool.Cached(group);
        Assert.Equal(busiest.Time, cost.Time);
        Assert.Equal(most == least ? busiest.Dynamic * 4 : (busiest.Dynamic * devicesWithMost) + (other.Dynamic * (4 - devicesWithMost)), cost.Dynamic);
        Assert.Equal(most * 500L, pool.BusiestBytes(sequences * 500L, group));
    }

    [Fact]
    public void By_heads_every_device_has_its_heads_of_all_sequences()
    {
        AttentionPool pool = Pool(AttentionPartition.Heads);
        SequenceGroup[] group = [new(Phase.Decode, 10, 1, 10_000, 10)];
        AttentionCost each = Cost(8, 2, 10, 999);
        Assert.Equal(new AttentionCost(each.Time, each.Dynamic * 4), pool.Cached(group));
        Assert.Equal(1250, pool.BusiestBytes(5000, group));
    }

    [Fact]
    public void Whole_attention_is_over_all_tokens_and_fresh_attention_over_the_new_ones()
    {
        AttentionPool pool = Pool(AttentionPartition.Heads);
        SequenceGroup[] group = [new(Phase.Decode, 10, 2, 10_000, 10)];
        Assert.Equal(Cost(8, 2, 10, 1000, 2).Time, pool.Whole(group).Time);
        Assert.Equal(Cost(8, 2, 10, 998, 2).Time, pool.Cached(group).Time);
        Assert.Equal(Cost(8, 2, 10, 2, 2).Time, pool.Fresh(group).Time);
        Assert.Equal(default, pool.Cached([new(Phase.Decode, 10, 2, 20, 10)]));
    }

    [Fact]
    public void Room_grows_with_the_devices_in_either_way()
    {
        long byHeads = Pool(AttentionPartition.Heads).CapacityTokens;
        long byRequests = Pool(AttentionPartition.Requests).CapacityTokens;
        Assert.InRange(byHeads - byRequests, 0, 4);
        Assert.InRange(byHeads, (4 * 0.9 * 96 * (1L << 30) / (2 * 2 * 32 * 8 * 128)) - 4, 4 * 0.9 * 96 * (1L << 30) / (2 * 2 * 32 * 8 * 128));
    }

    [Fact]
    public void Placed_sequences_load_the_device_that_has_them_and_the_fullest_sets_the_time() => Placed.Sample(placed =>
    {
        AttentionPool pool = Linear(AttentionPartition.Requests, placed.Devices);
        SequenceGroup[] groups = placed.Groups;
        long[] loads = new long[placed.Devices];
        int[] counts = new int[placed.Devices];
        foreach (SequenceGroup group in groups)
        {
            loads[group.Worker] += group.Sequences * (group.MeanContext - 1) * Model.Heads;
            counts[group.Worker] += group.Sequences;
        }

        AttentionCost cost = pool.Cached(groups);
        Assert.Equal((loads.Max(), (Int128)loads.Sum()), (cost.Time.Value, cost.Dynamic.Attojoules));
        Assert.Equal(100 * counts.Max(), pool.BusiestBytes(100 * counts.Sum(), groups));

        // By heads the same work is shared out evenly, so that it is never slower, and as fast where nobody has more than the others.
        AttentionCost even = Linear(AttentionPartition.Heads, placed.Devices).Cached(groups);
        Assert.True(even.Time <= cost.Time);
        Assert.Equal(even.Dynamic, cost.Dynamic);
        Assert.Equal(loads.All(load => load == loads[0]), even.Time == cost.Time);
    });

    [Fact]
    public void Equal_contexts_that_divide_evenly_take_what_they_take_by_heads() => Gen.Select(Gen.OneOf(1, 2, 4, 8), Gen.Int[1, 9], Gen.Int[2, 3000]).Sample((devices, each, context) =>
    {
        SequenceGroup[] groups = [.. Enumerable.Range(0, devices).Select(worker => new SequenceGroup(Phase.Decode, each, 1, (long)each * context, each, worker))];
        AttentionPool byRequests = Linear(AttentionPartition.Requests, devices);
        AttentionPool byHeads = Linear(AttentionPartition.Heads, devices);
        Assert.Equal(byHeads.Cached(groups), byRequests.Cached(groups));
        Assert.Equal(byHeads.Whole(groups), byRequests.Whole(groups));
        Assert.Equal(byHeads.Fresh(groups), byRequests.Fresh(groups));
    });

    [Fact]
    public void Parts_of_a_batch_halve_the_sequences_of_every_device() => Placed.Sample(placed =>
    {
        SubBatches cut = new(2);
        cut.Cut(placed.Groups);
        for (int worker = 0; worker < placed.Devices; worker++)
        {
            int[] own = [.. Enumerable.Range(0, 2).Select(part => cut.Of(part).ToArray().Where(group => group.Worker == worker).Sum(group => group.Sequences))];
            Assert.Equal(placed.Groups.Where(group => group.Worker == worker).Sum(group => group.Sequences), own.Sum());
            Assert.InRange(Math.Abs(own[0] - own[1]), 0, 1);
        }
    });

    [Fact]
    public void Shared_memory_leaves_what_the_weights_do_not_take()
    {
        AttentionPool apart = new(Systems.Offload("lamina-2-4"), Model);
        AttentionPool shared = new(Systems.Offload("lamina-2-4") with { SharedMemory = true }, Model);
        long perToken = 2 * 2L * Model.Layers * Model.KvHeads * Model.HeadDim;
        Assert.Equal((Model.Footprint(1, 1).WeightBytes + perToken - 1) / perToken, apart.CapacityTokens - shared.CapacityTokens);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new AttentionPool(Systems.Offload("pim-gpt-attention") with { SharedMemory = true, AttentionDevices = 1 }, Model));
        Assert.Contains("leave no room for keys and values", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Sequences with a context each, placed on devices, in the order in which a scheduler hands them over.</summary>
    private static readonly Gen<(int Devices, SequenceGroup[] Groups)> Placed =
        from devices in Gen.OneOf(1, 2, 4, 8)
        from sequences in Gen.Select(Gen.Int[0, devices - 1], Gen.Int[2, 400], Gen.Int[1, 3]).Array[1, 30]
        select (devices, (SequenceGroup[])
        [
            .. sequences.OrderBy(item => item.Item1).ThenBy(item => item.Item2).Select(item => new SequenceGroup(Phase.Decode, item.Item3, 1, (long)item.Item3 * item.Item2, item.Item3, item.Item1)),
        ]);

    private static AttentionPool Linear(AttentionPartition partition, int devices) =>
        new(Systems.Offload("lamina-2-4") with { Partition = partition, AttentionDevices = devices, CreateAttention = () => new LinearDevice() }, Model);

    /// <summary>A picosecond and an attojoule for each head and token of context.</summary>
    private sealed class LinearDevice : IAttentionDevice
    {
        public string Name => "linear";

        public Power StaticPower => new(1);

        public DataType KvType => DataType.Fp16;

        public bool IsSerial => true;

        public int PageTokens => 1;

        public long Load(CachePart part) => 1 << 20;

        public AttentionCost Cost(in Operator op)
        {
            long work = (long)op.Heads * op.Context * op.Sequences;
            return new AttentionCost(new Picoseconds(work), new Energy(work));
        }
    }

    private static AttentionPool Pool(AttentionPartition partition) => new(Systems.Offload("lamina-2-4") with { Partition = partition }, Model);

    private static AttentionCost Cost(int heads, int kvHeads, int sequences, int context, int tokens = 1) => Systems.Offload("lamina-2-4").CreateAttention().Cost(new Operator
    {
        Kind = OperatorKind.Attention,
        Role = OperatorRole.Attention,
        Phase = Phase.Decode,
        Rows = sequences * tokens,
        Sequences = sequences,
        Context = context,
        Heads = heads,
        KvHeads = kvHeads,
        HeadDim = 128,
    });
}
