using PimSim.Devices.Offload;
using PimSim.Devices.Systems;
using PimSim.Experiments.Serving.Offload;
using PimSim.Traces.Engine.Models;
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
        Assert.Equal(most * 500L, pool.BusiestBytes(sequences * 500L, sequences));
    }

    [Fact]
    public void By_heads_every_device_has_its_heads_of_all_sequences()
    {
        AttentionPool pool = Pool(AttentionPartition.Heads);
        SequenceGroup[] group = [new(Phase.Decode, 10, 1, 10_000, 10)];
        AttentionCost each = Cost(8, 2, 10, 999);
        Assert.Equal(new AttentionCost(each.Time, each.Dynamic * 4), pool.Cached(group));
        Assert.Equal(1250, pool.BusiestBytes(5000, 10));
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
