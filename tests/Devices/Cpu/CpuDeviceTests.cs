using System.Collections.Immutable;
using CsCheck;
using PimSim.Devices.Cpu;
using PimSim.Devices.Stacks;
using PimSim.Devices.Tests.Stacks;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Cpu;

public class CpuDeviceTests
{
    private static readonly KernelTable Kernels = new(3, 1, 1, 6, 10, 2, 8, 8, 1, 2, 9, 1, 1, 2, 3, 1, 2, 4, 2, 1, 2, 1, 2);

    /// <summary>Round numbers: 8 cores at 2 GHz always, 64 GFLOP/s each; 100 GB/s, of which a core draws 20; 512 kB of level 2 in all.</summary>
    private static readonly CpuSpecification Chip = new(
        "chip",
        new CpuCores(8, 2e9, 2e9, 512, 1, new Dictionary<DataType, double>()),
        new CpuCaches(64 << 10, 8 << 20, 32, 16),
        new CpuMemory(1_000_000_000, 4, 100e9, null, 64e-9, 20),
        new CpuPower(new Power(200_000_000), new Power(10_000_000), new Power(50_000_000), 0.6, 0.1, 0.1, 0.2));

    private static readonly CpuStack Plain = new(
        "plain", DataType.Fp32, DataType.Fp32, DataType.Fp32, 0,
        new CpuAchieved(0.8, 0.5, 0.25, 0.1),
        new CpuTile(4, 16, 8, new Dictionary<DataType, double> { [DataType.Bf16] = 1 }),
        new CpuCalls(new Picoseconds(5_000_000), new Picoseconds(1_000_000), new Picoseconds(250_000), 100_000, new Picoseconds(70_000_000)),
        Kernels);

    private static readonly Gen<Operator> AnyOperator = Gen.Select(Gen.Int[0, 13], Gen.Int[1, 64], Gen.Int[1, 2048], Gen.Int[1, 2048], Gen.Bool, (kind, rows, inputs, outputs, bias) => kind switch
    {
        0 => Gemm(rows, inputs, outputs) with { Bias = bias },
        1 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.Add, Role = OperatorRole.Residual },
        2 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.Activation, Role = OperatorRole.FfnActivation, Activation = ActivationKind.Gelu },
        3 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.Norm, Role = OperatorRole.FfnNorm, Norm = NormKind.RmsNorm },
        4 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.Convolution, Role = OperatorRole.Other, Sequences = 1, Taps = 3, Stride = 2, Padding = 2 },
        5 => Gemm(rows, inputs, inputs) with { Kind = OperatorKind.DepthwiseConvolution, Role = OperatorRole.Other, Sequences = rows, Taps = 1, Stride = 1 },
        6 => Gemm(rows, inputs, 0) with { Kind = OperatorKind.ChannelFft, Role = OperatorRole.Other },
        7 => Gemm(rows, 0, outputs) with { Kind = OperatorKind.Gather, Role = OperatorRole.Other },
        8 => Gemm(rows, inputs, Math.Min(inputs, outputs)) with { Kind = OperatorKind.TopK, Role = OperatorRole.Sample },
        9 => Gemm(rows, inputs, 0) with { Kind = OperatorKind.Quantise, Role = OperatorRole.Quant, Group = inputs, WeightType = DataType.Int4 },
        10 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.SparseGemm, Nonzeros = inputs },
        11 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.GroupedGemm, Role = OperatorRole.Experts, Experts = 1 + (inputs % rows) },
        12 => Gemm(rows, 0, 0) with { Kind = OperatorKind.Attention, Role = OperatorRole.Attention, Sequences = rows, Heads = 16, KvHeads = 8, HeadDim = 64, Context = inputs },
        _ => new Operator { Kind = OperatorKind.Opaque, Role = OperatorRole.Other, Phase = Phase.Decode, Rows = 0, Label = "kernel", OpaqueNanoseconds = inputs },
    });

    [Fact]
    public void A_processor_is_its_own_host()
    {
        Operator work = Gemm(30, 0, 0) with { Kind = OperatorKind.HostWork, Role = OperatorRole.Host };
        Assert.Contains("'host_cost_per_item'", Assert.Throws<PimSimUserException>(() => new CpuDevice(Chip, Plain).Execute(work, 0, Picoseconds.Zero)).Message, StringComparison.Ordinal);
        CpuDevice device = new(Chip, Plain with { Calls = Plain.Calls with { HostPerItem = new Picoseconds(7_000) } });
        Picoseconds end = device.Execute(work, 0, new Picoseconds(5));
        Assert.Equal(5 + (30 * 7_000), end.Value);
        Assert.Equal(end, device.Execute(work with { Kind = OperatorKind.HostCopy, Outputs = 1 << 20 }, 0, end));
        Assert.Equal(30 * 7_000, device.Ledger.Time(LedgerRows.Of(OperatorRole.Host), device.Ledger.TimeComponents.ToList().IndexOf("host")).Value);
    }

    [Fact]
    public void Scores_are_an_attention_that_reads_no_values()
    {
        Operator attention = Gemm(4, 0, 0) with { Kind = OperatorKind.Attention, Role = OperatorRole.Attention, Sequences = 4, Heads = 16, KvHeads = 8, HeadDim = 64, Context = 1000 };
        CpuDevice whole = new(Chip, Plain), scores = new(Chip, Plain);
        Picoseconds end = whole.Execute(attention, 0, Picoseconds.Zero);
        Picoseconds half = scores.Execute(attention with { Kind = OperatorKind.AttentionScores, Role = OperatorRole.KvSelection }, 0, Picoseconds.Zero);
        Assert.True(half < end);
        Assert.Equal(4L * 1000 * 8 * 64 * 4, scores.Counters["bytes"]);
        Assert.Equal(2 * scores.Counters["bytes"], whole.Counters["bytes"]);
    }

    [Fact]
    public void A_product_with_one_token_takes_its_weights_from_memory()
    {
        // 4096 x 4096 x 4 B at 80 of 100 GB/s, 24 kB of activations nearby; one call, one fork of 8 threads.
        CpuDevice device = new(Chip, Plain);
        Picoseconds end = Replay.Run(device, StepOf(Gemm(1, 4096, 4096)), Picoseconds.Zero);
        long memory = (long)Math.Ceiling(4096.0 * 4096 * 4 / 80e9 * 1e12);
        Assert.Equal(memory, device.Ledger.Time(LedgerRows.Of(OperatorRole.FfnUp), 0).Value);
        Assert.Equal(memory + 5_000_000 + 1_000_000 + (8 * 250_000) + 70_000_000, end.Value);
        Assert.Equal(4096L * 4096 * 4, device.Counters["bytes"]);
    }

    [Fact]
    public void A_product_with_many_tokens_is_bound_by_its_pieces()
    {
        // 512 tokens in 128 passes, 1040 outputs in 65 pieces of 16: 8320 pieces, 1040 on each of 8 threads, of 4 x 16 x (1024 + 8) x 2 FLOP at
        // half of 64 GFLOP/s.
        CpuDevice device = new(Chip, Plain);
        Replay.Run(device, StepOf(Gemm(512, 1024, 1040)), Picoseconds.Zero);
        Assert.Equal(1040 * 4 * 16 * 1032 * 2.0 / 32e9 * 1e12, device.Ledger.Time(LedgerRows.Of(OperatorRole.FfnUp), 1).Value, 2.0);

        // One output more: 66 pieces a pass, 8448 in all, 1056 on each thread.
        CpuDevice wider = new(Chip, Plain);
        Replay.Run(wider, StepOf(Gemm(512, 1024, 1041)), Picoseconds.Zero);
        Assert.Equal(1056 * 4 * 16 * 1032 * 2.0 / 32e9 * 1e12, wider.Ledger.Time(LedgerRows.Of(OperatorRole.FfnUp), 1).Value, 2.0);
    }

    [Fact]
    public void One_piece_more_than_threads_takes_twice_as_long()
    {
        CpuOperators operators = new(Chip, Plain);
        Assert.Equal(4 * 16 * 1032 * 2.0 / 32e9 * 1e12, operators.Of(Gemm(4, 1024, 8 * 16)).ComputePs, 2.0);
        Assert.Equal(2 * 4 * 16 * 1032 * 2.0 / 32e9 * 1e12, operators.Of(Gemm(4, 1024, 9 * 16)).ComputePs, 2.0);
    }

    [Fact]
    public void One_thread_draws_no_more_than_its_lines_in_flight()
    {
        CpuCost one = new CpuOperators(Chip, Plain with { Threads = 1 }).Of(Gemm(1, 4096, 4096));
        CpuCost two = new CpuOperators(Chip, Plain with { Threads = 2 }).Of(Gemm(1, 4096, 4096));
        CpuCost all = new CpuOperators(Chip, Plain).Of(Gemm(1, 4096, 4096));
        Assert.Equal(4096.0 * 4096 * 4 / (20 * 64 / 64e-9 * 0.8) * 1e12, one.MemoryPs, 2.0);
        Assert.Equal(one.MemoryPs / 2.0, two.MemoryPs, 2.0);
        Assert.Equal(one.MemoryPs / 5.0, all.MemoryPs, 2.0);
        Assert.Equal(0, one.SynchronisationPs);
    }

    [Fact]
    public void A_model_that_fits_a_cache_is_read_from_it()
    {
        ModelFootprint model = new("small", [new WeightMatrix(OperatorRole.FfnUp, 1000, 1000, false, 1)], 0, 1, 1, 1, 1, 1, DataType.Fp32, DataType.Fp32);
        CpuDevice near = new(Chip, Plain);
        near.Load(model);
        CpuDevice far = new(Chip with { Caches = Chip.Caches with { L3Bytes = 3_000_000 } }, Plain);
        far.Load(model);
        Replay.Run(near, StepOf(Gemm(1, 1000, 1000)), Picoseconds.Zero);
        Replay.Run(far, StepOf(Gemm(1, 1000, 1000)), Picoseconds.Zero);
        Assert.Equal(0, near.Counters["bytes"]);
        Assert.Equal(4_000_000, near.Counters["l3Bytes"]);
        Assert.Equal(4_000_000, far.Counters["bytes"]);
        Assert.True(near.Ledger.TotalTime < far.Ledger.TotalTime);
    }

    /// <summary>What no blocking and no cache can beat, from the shape alone.</summary>
    [Fact]
    public void Nothing_is_faster_than_the_roofline() => AnyOperator.Where(op => op.Kind != OperatorKind.Opaque).Sample(op =>
    {
        CpuCost cost = new CpuOperators(Chip, Plain).Of(op);
        OperatorCost shape = OperatorCost.Of(op);
        Assert.Equal(shape.Flops, cost.Flops);
        Assert.True(cost.ComputePs >= shape.Flops / (8 * 64e9) * 1e12 * 0.999);
        Assert.True(cost.MemoryPs >= (shape.WeightBytes + shape.KvReadBytes) / 100e9 * 1e12);
        Assert.InRange(cost.MemoryBytes, shape.WeightBytes + shape.KvReadBytes, shape.Bytes);
        Assert.True(cost.L2Bytes >= shape.Bytes);
    });

    [Fact]
    public void A_better_processor_is_never_slower() => Gen.Select(AnyOperator.Where(op => op.Kind != OperatorKind.Opaque), Gen.Int[0, 5]).Sample((op, better) =>
    {
        CpuSpecification improved = better switch
        {
            0 => Chip with { Memory = Chip.Memory with { BytesPerSecond = 200e9 } },
            1 => Chip with { Memory = Chip.Memory with { LinesInFlight = 40 } },
            2 => Chip with { Cores = Chip.Cores with { BaseHertz = 3e9, TurboHertz = 3e9 } },
            3 => Chip with { Cores = Chip.Cores with { FmaUnits = 2 } },
            4 => Chip with { Caches = Chip.Caches with { L3Bytes = 1L << 40 } },
            _ => Chip with { Caches = Chip.Caches with { L2BytesPerClock = 64 } },
        };
        Assert.True(new CpuOperators(improved, Plain).Of(op).TotalPs <= new CpuOperators(Chip, Plain).Of(op).TotalPs);
    });

    [Fact]
    public void Every_picosecond_is_booked_once() => Gen.Select(AnyOperator.Array[1, 8], Gen.Long[0, 1_000_000_000].Array[9]).Sample((operators, gaps) =>
    {
        CpuDevice device = new(Chip, Plain);
        Picoseconds start = new(gaps[0]);
        Step step = StepOf(operators);
        Picoseconds now = device.BeginStep(step, start);
        long idle = 0;
        for (int i = 0; i < operators.Length; i++)
        {
            idle += gaps[i + 1];
            now = device.Execute(operators[i], 0, new Picoseconds(now.Value + gaps[i + 1]));
        }

        idle += gaps[0];
        now = device.EndStep(step, new Picoseconds(now.Value + gaps[0]));
        Assert.Equal(now - start, device.Ledger.TotalTime);
        Assert.Equal(idle, device.Ledger.Time(LedgerRows.Between, 5).Value);
        Assert.Equal(Chip.Power.Static * new Picoseconds((now - start).Value - idle) + (Chip.Power.Idle * new Picoseconds(idle)), Sum(device, 0));
    });

    [Fact]
    public void The_design_power_is_never_exceeded() => AnyOperator.Sample(op =>
    {
        CpuDevice device = new(Chip, Plain);
        Replay.Run(device, StepOf(op), Picoseconds.Zero);
        Assert.InRange(device.Ledger.TotalEnergy.Joules, 0, 200 * device.Ledger.TotalTime.Seconds);
    });

    [Fact]
    public void A_known_operator_costs_what_it_did_and_allocates_nothing()
    {
        CpuDevice device = new(Chip, Plain);
        Operator op = Gemm(1, 1024, 1024);
        Picoseconds first = device.Execute(op, 0, device.BeginStep(StepOf(op), Picoseconds.Zero));
        Picoseconds now = first;
        int times = 1;
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                now = device.Execute(op, i, now);
                times++;
            }
        }));
        Assert.Equal(times * first.Value, now.Value);
    }

    [Fact]
    public void Experts_are_products_of_their_own()
    {
        // 8 experts of 2 rows each cost as 8 products of 2 rows, dealt out together: 64 outputs are 4 pieces each, 32 on 8 threads.
        CpuCost experts = new CpuOperators(Chip, Plain).Of(Gemm(16, 1024, 64) with { Kind = OperatorKind.GroupedGemm, Experts = 8 });
        Assert.Equal(4 * 2 * 16 * 1032 * 2.0 / 32e9 * 1e12, experts.ComputePs, 2.0);
        Assert.Equal(8L * 1024 * 64 * 4, experts.MemoryBytes);
    }

    [Fact]
    public void A_collective_is_refused()
    {
        Operator op = Gemm(1, 0, 64) with { Kind = OperatorKind.Collective, Role = OperatorRole.Collective, Ranks = 4 };
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => Replay.Run(new CpuDevice(Chip, Plain), StepOf(op), Picoseconds.Zero));
        Assert.Equal("chip: cannot run Collective (Collective) of 4 ranks: a single processor has no one to talk to", fault.Message);
    }

    [Fact]
    public void Weights_are_unpacked_once()
    {
        CpuStack narrow = Plain with { WeightType = DataType.Bf16 };
        Operator op = Gemm(8, 1024, 128) with { WeightType = DataType.Bf16 };
        double extra = new CpuOperators(Chip, narrow).Of(op).ComputePs - new CpuOperators(Chip, Plain).Of(op with { WeightType = DataType.Fp32 }).ComputePs;

        // 128 x 1024 numbers, 16 in a vector, one operation a clock on each of 8 threads.
        Assert.Equal(128 * 1024 / 16 / 8 / 2e9 * 1e12, extra, 4.0);
    }

    [Fact]
    public void A_model_that_does_not_fit_is_refused_with_both_sizes()
    {
        ModelFootprint model = new("wide", [new WeightMatrix(OperatorRole.FfnUp, 10_000, 30_000, false, 1)], 0, 1, 5000, 100, 2000, 2, DataType.Int4, DataType.Fp8);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new CpuDevice(Chip, Plain).Load(model));
        Assert.Equal("'wide' does not fit 'chip': weights 1.20 GB (fp32) + keys and values 0.16 GB (fp32, 2 x 2000 tokens) = 1.36 GB, and the memory holds 1.00 GB", fault.Message);
    }

    private static Energy Sum(CpuDevice device, int component)
    {
        Energy sum = Energy.Zero;
        for (int row = 0; row < LedgerRows.Count; row++)
        {
            sum += device.Ledger.Energy(row, component);
        }

        return sum;
    }

    private static Step StepOf(params Operator[] operators) => new(0, Phase.Decode, [new StepBlock(operators.ToImmutableArray(), 1)], 1);

    private static Operator Gemm(int rows, int inputs, int outputs) => new()
    {
        Kind = OperatorKind.Gemm,
        Role = OperatorRole.FfnUp,
        Phase = Phase.Decode,
        Rows = rows,
        Inputs = inputs,
        Outputs = outputs,
    };
}
