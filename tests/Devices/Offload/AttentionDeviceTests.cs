using PimSim.Devices.Gpu;
using PimSim.Devices.Offload;
using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Offload;

public class AttentionDeviceTests
{
    private static readonly CachePart Part = new("m", Layers: 24, KvHeads: 16, HeadDim: 64, MostContext: 1024, DataType.Fp16);

    public static TheoryData<string> PimSystems => ["pim-gpt-attention", "attacc"];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 700)]
    [InlineData(3, 513)]
    public void Attention_in_PIM_costs_what_the_whole_device_takes_for_it(int sequences, int context)
    {
        IAttentionDevice pool = Open("pim-gpt-attention").CreateAttention();
        pool.Load(Part);
        Operator op = Attention(OperatorKind.Attention, sequences, context);
        AttentionCost cost = pool.Cost(op);

        // The same memory with a whole model in it, which runs the same attention.
        ProblemList problems = new();
        IDevice device = SystemDefinition.Read(new HardwareCatalogue(null), "pim-gpt", [], problems)!.CreateDevice(new PimSimulation(true));
        device.Load(new ModelFootprint("m", [new WeightMatrix(OperatorRole.LmHead, 64, 64, false, 1)], 0, 1, 16 * 64, 64, 1024, sequences, DataType.Fp16, DataType.Fp16));
        Picoseconds end = device.Execute(op, 0, Picoseconds.Zero);

        // Sequences do not meet refresh and clock edges at the same places.
        Assert.InRange(cost.Time.Value, end.Value * 0.97, end.Value * 1.03);
        Energy all = cost.Dynamic + (pool.StaticPower * cost.Time);
        Assert.InRange(all.Joules, device.Ledger.TotalEnergy.Joules * 0.97, device.Ledger.TotalEnergy.Joules * 1.03);
    }

    [Theory]
    [MemberData(nameof(PimSystems))]
    public void Room_is_what_the_rows_hold_and_no_more(string system)
    {
        IAttentionDevice pool = Open(system).CreateAttention();
        long tokens = pool.Load(Part);
        PimMemory memory = Memory(system == "attacc" ? "attacc-hbm3-memory" : "pim-gpt-memory");
        Assert.InRange(tokens * 2 * 2 * Part.Layers * Part.KvHeads * Part.HeadDim, memory.Bytes * 0.7, memory.Bytes);
        Assert.Equal(0, tokens % pool.PageTokens);
        Assert.True(new KvMapping(memory, 16, 64, (int)tokens, paged: true).RowsPerBank * 24 <= memory.Channel.Organization.Rows);
        Assert.True(new KvMapping(memory, 16, 64, (int)tokens + 1, paged: true).RowsPerBank * 24 > memory.Channel.Organization.Rows);
    }

    [Theory]
    [MemberData(nameof(PimSystems))]
    public void Longer_contexts_cost_more_and_so_do_more_sequences(string system)
    {
        IAttentionDevice pool = Open(system).CreateAttention();
        pool.Load(Part);
        long before = 0;
        foreach (int context in (int[])[1, 64, 256, 1024])
        {
            AttentionCost cost = pool.Cost(Attention(OperatorKind.Attention, 1, context));
            Assert.True(cost.Time.Value > before && cost.Dynamic.Attojoules > 0);
            Assert.Equal(cost * 5, pool.Cost(Attention(OperatorKind.Attention, 5, context)));
            before = cost.Time.Value;
        }

        Assert.True(pool.Cost(Attention(OperatorKind.KvAppend, 1, 100)).Time.Value > 0);
    }

    [Fact]
    public void Banks_with_a_cache_alone_run_nothing_else_and_nothing_longer()
    {
        IAttentionDevice pool = Open("pim-gpt-attention").CreateAttention();
        pool.Load(Part);
        Operator product = new() { Kind = OperatorKind.Gemm, Role = OperatorRole.FfnUp, Phase = Phase.Decode, Rows = 1, Sequences = 1, Inputs = 64, Outputs = 64 };
        Assert.Contains("it holds keys and values alone", Assert.Throws<PimSimUserException>(() => pool.Cost(product)).Message, StringComparison.Ordinal);
        Assert.Contains("the cache has room for 1024 tokens", Assert.Throws<PimSimUserException>(() => pool.Cost(Attention(OperatorKind.Attention, 1, 1025))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_gives_its_memory_share_to_the_cache_and_its_kernels_to_attention()
    {
        HardwareCatalogue catalogue = new(null);
        GpuParts parts = GpuParts.Open(catalogue, "h20", "vllm-0.14");
        IAttentionDevice pool = new GpuAttentionDevice(parts);
        Assert.Equal((long)(parts.Gpu.CapacityBytes * 0.9) / (2 * 2 * 24 * 16 * 64), pool.Load(Part));
        Operator op = Attention(OperatorKind.Attention, 40, 1000);
        GpuOperatorCost cost = new GpuCostModel(parts.Gpu, parts.Silicon, parts.Stack).Compute(op with { WeightType = DataType.Bf16, ActivationType = DataType.Bf16, KvType = DataType.Bf16 });
        Assert.Equal(new AttentionCost(new Picoseconds(cost.TotalPs), Energy.FromJoules(cost.Energy.Joules)), pool.Cost(op));

        // Launched one by one, no kernel starts before the host has asked for it.
        GpuParts eager = GpuParts.Open(catalogue, "a100-80", "pytorch-eager-2023");
        AttentionCost launched = new GpuAttentionDevice(eager).Cost(Attention(OperatorKind.Attention, 1, 10));
        Assert.True(launched.Time >= eager.Stack.LaunchCost);
    }

    private static OffloadDefinition Open(string name)
    {
        ProblemList problems = new();
        OffloadDefinition system = SystemDefinition.Read(new HardwareCatalogue(null), name, [], problems)!.Offload!;
        problems.ThrowIfAny();
        return system;
    }

    private static PimMemory Memory(string name)
    {
        HardwareCatalogue catalogue = new(null);
        return PimMemory.Read(catalogue.Devices, catalogue.Standards, name, new ProblemList());
    }

    private static Operator Attention(OperatorKind kind, int sequences, int context) => new()
    {
        Kind = kind,
        Role = OperatorRole.Attention,
        Phase = Phase.Decode,
        Rows = sequences,
        Sequences = sequences,
        Context = context,
        Heads = 16,
        KvHeads = 16,
        HeadDim = 64,
        WeightType = DataType.Fp16,
        ActivationType = DataType.Fp16,
        KvType = DataType.Fp16,
    };
}
