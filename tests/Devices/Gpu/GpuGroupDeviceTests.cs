using System.Collections.Immutable;
using CsCheck;
using PimSim.Devices.Gpu;
using PimSim.Devices.Links;
using PimSim.Devices.Systems;
using PimSim.Devices.Tests.Stacks;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Gpu;

/// <summary>GPUs that share out every step, against one of them alone and the model of their links.</summary>
public class GpuGroupDeviceTests
{
    private const string Card = "a100-80";
    private const string StackName = "vllm-2024";

    private static readonly HardwareCatalogue Catalogue = new(null);
    private static readonly GpuParts Parts = GpuParts.Open(Catalogue, Card, StackName);

    private static readonly Gen<Operator> AnyOperator = Gen.Select(
        Gen.Int[0, 3],
        Gen.Int[1, 64],
        Gen.Int[1, 4096],
        Gen.Int[1, 4096],
        (kind, rows, inputs, outputs) => kind switch
        {
            0 => Op(OperatorKind.Gemm, rows, inputs, outputs),
            1 => Op(OperatorKind.Norm, rows, inputs, 0) with { Norm = NormKind.RmsNorm },
            2 => Op(OperatorKind.Activation, rows, 0, outputs) with { Activation = ActivationKind.SwiGlu },
            _ => Attention(rows, inputs),
        });

    private static readonly Gen<(int Ranks, ImmutableArray<Operator> Operators)> Steps =
        from ranks in Gen.OneOf(2, 4, 8)
        from operators in Gen.Select(AnyOperator, Gen.Int[0, 2], Gen.Int[1, 64], Gen.Int[1, 8192]).Array[1, 20]
        select (ranks, operators.SelectMany(one => one.Item2 switch
        {
            0 => (Operator[])[one.Item1],
            1 => [one.Item1, Exchange(CollectiveKind.AllReduce, ranks, one.Item3, one.Item4)],
            _ => [one.Item1, Exchange(CollectiveKind.AllGather, ranks, one.Item3, one.Item4)],
        }).ToImmutableArray());

    /// <summary>In a graph nothing waits for the host, so a step of the group is that of one rank with the collectives in between.</summary>
    [Fact]
    public void A_captured_step_takes_what_one_ranks_operators_and_the_collectives_take_together() => Steps.Sample((ranks, operators) =>
    {
        CollectiveModel links = Links(ranks);
        GpuDevice group = new(Parts.Gpu, Parts.Silicon, Parts.Stack, links);
        GpuDevice one = new(Parts.Gpu, Parts.Silicon, Parts.Stack);
        Picoseconds together = Replay.Run(group, new Step(0, Phase.Decode, [new StepBlock(operators, 3)], 1), Picoseconds.Zero);
        Picoseconds alone = Replay.Run(one, new Step(0, Phase.Decode, [new StepBlock([.. operators.Where(op => op.Kind != OperatorKind.Collective)], 3)], 1), Picoseconds.Zero);
        CollectiveCost[] exchanges = [.. operators.Where(op => op.Kind == OperatorKind.Collective).Select(op => links.Cost(op with { ActivationType = Parts.Stack.ActivationType }))];
        Picoseconds linked = new(3 * exchanges.Sum(cost => cost.Time.Value));
        Assert.Equal(alone + linked, together);
        Assert.Equal(linked, TimeOf(group, "links"));

        Assert.Equal(3 * exchanges.Aggregate(0.0, (sum, cost) => sum + cost.Energy.Joules), EnergyOf(group, "links"), Tolerance(group));
        foreach (string part in (string[])["multiprocessors", "compute", "cache", "memory"])
        {
            Assert.Equal(ranks * EnergyOf(one, part), EnergyOf(group, part), Tolerance(group));
        }

        Assert.Equal(ranks * EnergyOf(one, "static") / alone.Seconds * together.Seconds, EnergyOf(group, "static"), Tolerance(group));
        Assert.Equal(ranks * one.Counters["flops"], group.Counters["flops"]);
        Assert.Equal(ranks * one.Counters["bytes"], group.Counters["bytes"]);
        Assert.Equal(ranks * (one.Counters["kernels"] + (3 * exchanges.Length)), group.Counters["kernels"]);
    });

    [Fact]
    public void A_gpu_with_work_of_its_own_takes_the_same_time_and_its_share_of_the_energy() => Steps.Sample((ranks, operators) =>
    {
        Step step = new(0, Phase.Decode, [new StepBlock(operators, 2)], 1);
        GpuDevice group = new(Parts.Gpu, Parts.Silicon, Parts.Stack, Links(ranks));
        GpuDevice own = new(Parts.Gpu, Parts.Stack, new GpuCostModel(Parts.Gpu, Parts.Silicon, Parts.Stack), Links(ranks), alike: 1);
        Assert.Equal(Replay.Run(group, step, Picoseconds.Zero), Replay.Run(own, step, Picoseconds.Zero));
        foreach (string part in (string[])["static", "multiprocessors", "compute", "cache", "memory", "links"])
        {
            Assert.Equal(EnergyOf(group, part), ranks * EnergyOf(own, part), Tolerance(group));
        }

        Assert.Equal(group.Counters.ToDictionary(pair => pair.Key, pair => pair.Value), own.Counters.ToDictionary(pair => pair.Key, pair => ranks * pair.Value));
    });

    [Fact]
    public void Every_picosecond_of_a_group_is_booked_once_however_it_is_launched() => Gen.Select(Steps, Gen.Enum<GraphCapture>(), Gen.Bool).Sample((step, capture, isPrompt) =>
    {
        GpuDevice group = new(Parts.Gpu, Parts.Silicon, Parts.Stack with { Capture = capture }, Links(step.Ranks));
        Phase phase = isPrompt ? Phase.Prefill : Phase.Decode;
        Picoseconds over = Replay.Run(group, new Step(0, phase, [new StepBlock(step.Operators, 2)], 1), Picoseconds.Zero);
        over = Replay.Run(group, new Step(1, Phase.Decode, [new StepBlock(step.Operators, 1)], 1), over);
        Assert.Equal(over, group.Ledger.TotalTime);
    });

    [Fact]
    public void A_graph_of_decode_steps_pays_launches_for_prompts_only() => Steps.Sample((ranks, operators) =>
    {
        foreach (Phase phase in (Phase[])[Phase.Decode, Phase.Prefill])
        {
            Assert.Equal(Elapsed(phase == Phase.Decode ? GraphCapture.AllSteps : GraphCapture.None, phase), Elapsed(GraphCapture.Decoding, phase));
        }

        GpuDevice decoding = Device(GraphCapture.Decoding);
        Replay.Run(decoding, StepOf(Phase.Decode), Picoseconds.Zero);
        Assert.Equal(Picoseconds.Zero, TimeOf(decoding, "launch"));
        GpuDevice prompt = Device(GraphCapture.Decoding);
        Replay.Run(prompt, StepOf(Phase.Prefill), Picoseconds.Zero);
        Assert.True(TimeOf(prompt, "launch") >= new Picoseconds(Parts.Stack.LaunchCost.Value * 7 / 10), "the first kernel waits for its launch, and an Ampere host takes 0.78 of the time");

        Picoseconds Elapsed(GraphCapture capture, Phase phase) => Replay.Run(Device(capture), StepOf(phase), Picoseconds.Zero);

        GpuDevice Device(GraphCapture capture) => new(Parts.Gpu, Parts.Silicon, Parts.Stack with { Capture = capture }, Links(ranks));

        Step StepOf(Phase phase) => new(0, phase, [new StepBlock([Op(OperatorKind.Gemm, 4, 64, 64), .. operators], 2)], 1);
    });

    [Fact]
    public void The_scale_of_a_host_stands_for_host_costs_as_many_times_as_long() => Steps.Sample((ranks, operators) =>
    {
        GpuStack plain = Parts.Stack with { HostScales = ImmutableDictionary<GpuArchitecture, double>.Empty, Capture = GraphCapture.None };
        GpuStack longer = plain with
        {
            LaunchCost = plain.LaunchCost * 3,
            HostCostPerStep = plain.HostCostPerStep * 3,
            HostCostPerToken = plain.HostCostPerToken * 3,
            HostCostPerPromptStep = plain.HostCostPerPromptStep * 3,
        };
        GpuStack scaled = plain with { HostScales = plain.HostScales.Add(GpuArchitecture.Ampere, 3).Add(GpuArchitecture.Hopper, 7) };
        Step step = new(0, Phase.Prefill, [new StepBlock([.. operators, Sample(5)], 1)], 5);
        Assert.Equal(Run(longer), Run(scaled));
        Assert.NotEqual(Run(plain), Run(scaled));

        Picoseconds Run(GpuStack stack) => Replay.Run(new GpuDevice(Parts.Gpu, Parts.Silicon, stack, Links(ranks)), step, Picoseconds.Zero);
    });

    [Theory]
    [InlineData(Phase.Decode, 0, 100)]
    [InlineData(Phase.Decode, 5, 100 + (5 * 7))]
    [InlineData(Phase.Prefill, 5, 100 + (5 * 7) + 1000)]
    public void The_host_pays_for_a_step_its_sampled_tokens_and_its_prompts(Phase phase, int sampled, int expected)
    {
        GpuStack stack = Parts.Stack with
        {
            HostScales = ImmutableDictionary<GpuArchitecture, double>.Empty,
            LaunchCost = Picoseconds.Zero,
            HostCostPerStep = new Picoseconds(100),
            HostCostPerToken = new Picoseconds(7),
            HostCostPerPromptStep = new Picoseconds(1000),
        };
        GpuDevice device = new(Parts.Gpu, Parts.Silicon, stack);
        ImmutableArray<Operator> operators = sampled == 0 ? [Op(OperatorKind.Gemm, 4, 64, 64)] : [Op(OperatorKind.Gemm, 4, 64, 64), Sample(sampled)];
        Picoseconds over = Replay.Run(device, new Step(0, phase, [new StepBlock(operators, 1)], sampled), Picoseconds.Zero);
        Assert.Equal(new Picoseconds(expected), TimeOf(device, "host"));

        // Tokens of a step count for that step only.
        Replay.Run(device, new Step(1, Phase.Decode, [new StepBlock([Op(OperatorKind.Gemm, 4, 64, 64)], 1)], 0), over);
        Assert.Equal(new Picoseconds(expected + 100), TimeOf(device, "host"));
    }

    [Fact]
    public void A_model_shared_out_otherwise_is_refused()
    {
        ModelFootprint footprint = Filling(1);
        Assert.Contains("shared out for 1 devices, but '4 x a100-80' is 4", Refusal(4, footprint), StringComparison.Ordinal);
        Assert.Contains("shared out for 4 devices, but 'a100-80' is 1", Refusal(1, footprint with { Ranks = 4 }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_must_fit_the_share_of_one_memory_to_the_byte()
    {
        long room = (long)(Parts.Gpu.CapacityBytes * 0.9);
        GpuDevice group = new(Parts.Gpu, Parts.Silicon, Parts.Stack with { MemoryShare = 0.9 }, Links(2));
        group.Load(Filling(room / 2) with { Ranks = 2 });
        Assert.Contains("'filling' does not fit '2 x a100-80'", Assert.Throws<PimSimUserException>(() => group.Load(Filling((room / 2) + 1) with { Ranks = 2 })).Message, StringComparison.Ordinal);
        new GpuDevice(Parts.Gpu, Parts.Silicon, Parts.Stack with { MemoryShare = 1 }, Links(2)).Load(Filling((room / 2) + 1) with { Ranks = 2 });
    }

    [Fact]
    public void A_collective_of_other_ranks_is_refused()
    {
        GpuDevice group = new(Parts.Gpu, Parts.Silicon, Parts.Stack, Links(4));
        string message = Assert.Throws<PimSimUserException>(() => group.Execute(Exchange(CollectiveKind.AllReduce, 2, 4, 64), 0, Picoseconds.Zero)).Message;
        Assert.Equal("4 x a100-80: cannot run Collective (Collective) of 2 ranks: the group has 4", message);
    }

    [Fact]
    public void A_known_step_of_a_group_allocates_nothing()
    {
        GpuDevice group = new(Parts.Gpu, Parts.Silicon, Parts.Stack, Links(4));
        Operator product = Op(OperatorKind.Gemm, 7, 4096, 4096);
        Operator exchange = Exchange(CollectiveKind.AllReduce, 4, 7, 4096);
        Step step = new(0, Phase.Decode, [], 1);
        Picoseconds now = Once(Once(Picoseconds.Zero));
        Assert.Equal(0, Allocations.Least(() => now = Once(now)));

        Picoseconds Once(Picoseconds start) => group.EndStep(step, group.Execute(exchange, 0, group.Execute(product, 0, group.BeginStep(step, start))));
    }

    private static string Refusal(int ranks, ModelFootprint footprint) =>
        Assert.Throws<PimSimUserException>(() => new GpuDevice(Parts.Gpu, Parts.Silicon, Parts.Stack, ranks == 1 ? null : Links(ranks)).Load(footprint)).Message;

    private static ModelFootprint Filling(long parameters) => new("filling", [], parameters, 1, 0, 128, 1, 1, DataType.Fp16, DataType.Fp16);

    private static CollectiveModel Links(int ranks) => GpuGroup.Connect(Catalogue, Parts, ranks)!;

    private static Picoseconds TimeOf(GpuDevice device, string component)
    {
        int column = device.Ledger.TimeComponents.ToList().IndexOf(component);
        return new Picoseconds(Enumerable.Range(0, device.Ledger.Rows).Sum(row => device.Ledger.Time(row, column).Value));
    }

    private static double EnergyOf(GpuDevice device, string component)
    {
        int column = device.Ledger.EnergyComponents.ToList().IndexOf(component);
        return Enumerable.Range(0, device.Ledger.Rows).Sum(row => device.Ledger.Energy(row, column).Joules);
    }

    // Energies are whole attojoules, rounded in other places.
    private static double Tolerance(GpuDevice device) => 1e-9 * device.Ledger.TotalEnergy.Joules;

    private static Operator Sample(int rows) => Op(OperatorKind.Sample, rows, 1000, 0) with { Role = OperatorRole.Sample };

    private static Operator Exchange(CollectiveKind kind, int ranks, int rows, int width) =>
        Op(OperatorKind.Collective, rows, 0, width) with { Role = OperatorRole.Collective, Ranks = ranks, Collective = kind };

    private static Operator Op(OperatorKind kind, int rows, int inputs, int outputs) => new()
    {
        Kind = kind,
        Role = OperatorRole.Other,
        Phase = Phase.Decode,
        Rows = rows,
        Inputs = inputs,
        Outputs = outputs,
        WeightType = DataType.Fp16,
        ActivationType = DataType.Fp16,
        KvType = DataType.Fp16,
    };

    private static Operator Attention(int sequences, int context) => Op(OperatorKind.Attention, sequences, 0, 0) with
    {
        Sequences = sequences,
        Heads = 16,
        KvHeads = 4,
        HeadDim = 128,
        Context = context,
    };
}
