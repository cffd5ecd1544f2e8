using CsCheck;
using PimSim.Devices.Links;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Links;

/// <summary>What must hold of collectives whatever their constants, over random groups, links and sizes.</summary>
public class CollectivePropertyTests
{
    private static readonly CollectiveStack[] Stacks = [.. CollectiveStack.Stacks(null).Names.Select(CollectiveStack.Open)];
    private static readonly LinkSpecification[] Links = [.. LinkSpecification.Links(null).Names.Select(LinkSpecification.Open).Where(link => link.Topology != LinkTopology.Network)];
    private static readonly LinkSpecification[] Networks = [.. LinkSpecification.Links(null).Names.Select(LinkSpecification.Open).Where(link => link.Topology == LinkTopology.Network)];
    private static readonly Gen<CollectiveKind> Kinds = Gen.Enum<CollectiveKind>().Where(kind => kind != CollectiveKind.None);
    private static readonly Gen<long> Sizes = Gen.Select(Gen.Int[0, 32], Gen.Double[1, 2], (power, factor) => (long)((1L << power) * factor));

    private static readonly Gen<(CollectiveStack Stack, string Architecture, CollectiveGroup Group)> Cases =
        from stack in Gen.OneOf(Stacks)
        from architecture in Gen.OneOf("ampere", "hopper", "cdna3")
        from link in Gen.OneOf(Links)
        from network in Gen.OneOf(Networks)
        from perNode in Gen.Int[1, link.Topology == LinkTopology.Pair ? 2 : 16]
        from nodes in Gen.Int[1, 6]
        from networkLinks in Gen.Int[1, 8]
        select (stack, architecture, new CollectiveGroup(perNode * nodes, perNode, link, nodes > 1 ? network : null, nodes > 1 ? networkLinks : 0));

    [Fact]
    public void One_rank_and_no_bytes_cost_nothing()
    {
        Gen.Select(Cases, Kinds, Sizes).Sample((@case, kind, bytes) =>
        {
            CollectiveModel alone = new(@case.Stack, @case.Architecture, new CollectiveGroup(1, @case.Group.Link));
            return alone.Cost(kind, bytes) == default && Model(@case).Cost(kind, 0) == default;
        });
    }

    /// <summary>No method beats the time that its bytes need on the wire at the payload rate, plus the latency of its steps.</summary>
    [Fact]
    public void Time_is_never_below_the_bound_of_the_algorithm()
    {
        Gen.Select(Cases, Kinds, Sizes).Where((@case, _, _) => @case.Group.Ranks > 1).Sample((@case, kind, bytes) =>
        {
            CollectiveGroup group = @case.Group;
            CollectiveCost cost = Model(@case).Cost(kind, bytes);
            double inNode = group.RanksPerNode == 1 || (kind == CollectiveKind.SendReceive && group.Nodes > 1)
                ? 0
                : cost.WireBytes / group.Link.PayloadBytesPerSecond;

            // Whatever the algorithm, all but a node's own part must come in from outside once.
            double ownPart = kind == CollectiveKind.SendReceive ? 0 : (double)group.RanksPerNode / group.Ranks;
            double between = group.Nodes == 1
                ? 0
                : bytes * (1 - ownPart) / (group.Network!.PayloadBytesPerSecond * group.NetworkLinksPerNode);
            Picoseconds latency = group.Nodes > 1 ? group.Network!.Latency : group.Link.Latency;
            Assert.True(cost.Time.Seconds >= Math.Max(inNode, between) + latency.Seconds - 2e-12);
        });
    }

    [Fact]
    public void Every_method_takes_longer_for_more_bytes()
    {
        Gen.Select(Cases, Gen.Enum<CollectiveMethod>(), Kinds, Sizes, Sizes).Where((@case, _, _, _, _) => @case.Group.RanksPerNode > 1).Sample((@case, method, kind, one, other) =>
        {
            CollectiveModel model = Model(@case);
            if (!Possible(method, kind))
            {
                return;
            }

            Picoseconds less = model.TimeOf(method, kind, Math.Min(one, other));
            Picoseconds more = model.TimeOf(method, kind, Math.Max(one, other));
            Assert.True(less <= more);
        });
    }

    /// <summary>
    /// NCCL changes its method by a table, so a larger message may come out faster where the table is wrong (measured too:
    /// 8 H100 exchange 16 KiB in 7.2 us and 8 KiB in 8.2). On the links that a generation has, for 2, 4 and 8 ranks as fitted,
    /// never by more than three tenths (four A100 at 1.5 MB, between two measured sizes: 26 %); nothing bounds it for other
    /// pairings, such as the costs of Ampere on NVLink 5.
    /// </summary>
    [Theory]
    [InlineData("ampere", "nvlink3")]
    [InlineData("ampere", "nvlink3-a800")]
    [InlineData("hopper", "nvlink4")]
    [InlineData("hopper", "nvlink4-h800")]
    [InlineData("blackwell", "nvlink5")]
    public void A_change_of_method_never_saves_more_than_three_tenths(string architecture, string link)
    {
        foreach (CollectiveStack stack in Stacks)
        {
            foreach (int ranks in new[] { 2, 4, 8 })
            {
                CollectiveModel model = new(stack, architecture, new CollectiveGroup(ranks, LinkSpecification.Open(link)));
                foreach (CollectiveKind kind in Enum.GetValues<CollectiveKind>().Where(kind => kind != CollectiveKind.None))
                {
                    double before = 0;
                    for (long bytes = 64; bytes < 1L << 31; bytes += Math.Max(1, bytes / 256))
                    {
                        double time = model.Cost(kind, bytes).Time.Seconds;
                        Assert.True(time >= 0.7 * before, $"{stack.Name}, {kind} of {bytes} B among {ranks}: {time} s after {before} s");
                        before = time;
                    }
                }
            }
        }
    }

    [Fact]
    public void A_ring_all_reduce_is_a_reduce_scatter_and_an_all_gather()
    {
        Gen.Select(Gen.OneOf(CollectiveMethod.RingLL, CollectiveMethod.RingLL128, CollectiveMethod.RingSimple), Gen.Int[2, 64], Sizes).Sample((method, ranks, bytes) =>
        {
            CollectiveSchedule reduce = CollectiveSchedule.Of(method, CollectiveKind.AllReduce, ranks, bytes);
            CollectiveSchedule scatter = CollectiveSchedule.Of(method, CollectiveKind.ReduceScatter, ranks, bytes);
            CollectiveSchedule gather = CollectiveSchedule.Of(method, CollectiveKind.AllGather, ranks, bytes);
            Assert.Equal(scatter.Steps + gather.Steps, reduce.Steps);
            Assert.Equal(scatter.Flags + gather.Flags, reduce.Flags);
            Assert.Equal(scatter.WireBytes + gather.WireBytes, reduce.WireBytes, 1e-6 * reduce.WireBytes);
        });
    }

    /// <summary>Rings and kernels played out: every rank sends what it must, piece by piece, and ends with the sum.</summary>
    [Fact]
    public void Wire_bytes_are_those_of_the_algorithm_played_out()
    {
        Gen.Int[2, 12].Sample(ranks =>
        {
            long bytes = 840L * ranks;
            Assert.Equal(RingAllReduce(ranks, bytes), CollectiveSchedule.Of(CollectiveMethod.RingSimple, CollectiveKind.AllReduce, ranks, bytes).WireBytes, 1e-6);
            Assert.Equal((ranks - 1) * bytes, CollectiveSchedule.Of(CollectiveMethod.OneShot, CollectiveKind.AllReduce, ranks, bytes).WireBytes);
            Assert.True(CollectiveSchedule.Of(CollectiveMethod.TwoShot, CollectiveKind.AllReduce, ranks, bytes).WireBytes <= CollectiveSchedule.Of(CollectiveMethod.OneShot, CollectiveKind.AllReduce, ranks, bytes).WireBytes);
        });
    }

    [Fact]
    public void Energy_is_that_of_the_bits_on_the_wires()
    {
        Gen.Select(Cases, Kinds, Sizes).Where((@case, _, _) => @case.Group.Ranks > 1 && @case.Group.Nodes == 1).Sample((@case, kind, bytes) =>
        {
            CollectiveCost cost = Model(@case).Cost(kind, bytes);
            double senders = kind == CollectiveKind.SendReceive ? 1 : @case.Group.Ranks;
            Assert.Equal(cost.WireBytes * senders * 8 * @case.Group.Link.EnergyPerBit.Joules, cost.Energy.Joules, 1e-8 * Math.Max(1, cost.Energy.Joules));
        });
    }

    [Fact]
    public void An_operator_of_a_trace_costs_what_its_message_does()
    {
        CollectiveModel model = new(Stacks[0], "hopper", new CollectiveGroup(4, LinkSpecification.Open("nvlink4")));
        Operator op = new() { Kind = OperatorKind.Collective, Role = OperatorRole.Residual, Phase = Phase.Decode, Collective = CollectiveKind.AllReduce, Ranks = 4, Rows = 16, Outputs = 8192, ActivationType = DataType.Bf16 };
        Assert.Equal(model.Cost(CollectiveKind.AllReduce, 16 * 8192 * 2), model.Cost(op));
        Assert.Throws<ArgumentException>(() => model.Cost(op with { Ranks = 8 }));
        Assert.Throws<ArgumentException>(() => model.Cost(op with { Kind = OperatorKind.Gemm }));
    }

    [Fact]
    public void A_look_up_allocates_nothing()
    {
        CollectiveModel model = new(Stacks[0], "hopper", new CollectiveGroup(8, LinkSpecification.Open("nvlink4")));
        model.Cost(CollectiveKind.AllReduce, 1 << 20);
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (long bytes = 1; bytes < 1L << 30; bytes *= 2)
            {
                model.Cost(CollectiveKind.AllReduce, bytes);
                model.Cost(CollectiveKind.AllToAll, bytes);
            }
        }));
    }

    [Theory]
    [InlineData(6, 4, "nvlink4", "6 ranks can't be spread evenly over nodes of 4")]
    [InlineData(4, 4, "nvlink3-pair", "'nvlink3-pair' connects two devices, not 4")]
    [InlineData(8, 4, "nvlink4", "8 ranks on nodes of 4 need a network between the nodes")]
    [InlineData(0, 1, "nvlink4", "a collective needs one rank at least")]
    public void An_impossible_group_is_refused(int ranks, int perNode, string link, string message)
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new CollectiveModel(Stacks[0], "hopper", new CollectiveGroup(ranks, perNode, LinkSpecification.Open(link), null, 0)));
        Assert.Equal(message, fault.Message);
    }

    private static CollectiveModel Model((CollectiveStack Stack, string Architecture, CollectiveGroup Group) @case) => new(@case.Stack, @case.Architecture, @case.Group);

    private static bool Possible(CollectiveMethod method, CollectiveKind kind)
    {
        bool hasCosts = method != CollectiveMethod.OneShot && method != CollectiveMethod.TwoShot && method != CollectiveMethod.InSwitch;
        return hasCosts && kind switch
        {
            CollectiveKind.AllReduce => method <= CollectiveMethod.TreeSimple,
            CollectiveKind.AllGather or CollectiveKind.ReduceScatter => method <= CollectiveMethod.RingSimple,
            CollectiveKind.AllToAll => method is CollectiveMethod.PeerLL or CollectiveMethod.PeerSimple,
            _ => method is CollectiveMethod.PeerLL or CollectiveMethod.Message,
        };
    }

    /// <summary>Passes pieces round a ring until all ranks hold all sums; bytes sent by the busiest rank.</summary>
    private static double RingAllReduce(int ranks, long bytes)
    {
        long piece = bytes / ranks;
        int[,] contributions = new int[ranks, ranks];
        long[] sent = new long[ranks];
        for (int rank = 0; rank < ranks; rank++)
        {
            for (int part = 0; part < ranks; part++)
            {
                contributions[rank, part] = 1;
            }
        }

        for (int step = 0; step < 2 * (ranks - 1); step++)
        {
            (int To, int Part, int Count)[] messages = [.. Enumerable.Range(0, ranks).Select(rank =>
            {
                int part = (((rank - step) % ranks) + ranks) % ranks;
                sent[rank] += piece;
                return ((rank + 1) % ranks, part, contributions[rank, part]);
            })];
            foreach ((int to, int part, int count) in messages)
            {
                contributions[to, part] = step < ranks - 1 ? contributions[to, part] + count : count;
            }
        }

        foreach (int count in contributions)
        {
            Assert.Equal(ranks, count);
        }

        return sent.Max();
    }
}
