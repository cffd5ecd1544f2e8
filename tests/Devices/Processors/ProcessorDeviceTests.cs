using System.Collections.Immutable;
using CsCheck;
using PimSim.Devices.Processors;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Processors;

public class ProcessorDeviceTests
{
    private const int MemoryTime = 0;
    private const int ComputeTime = 1;
    private const int LaunchTime = 2;
    private const int HostTime = 3;

    private static readonly KernelTable Kernels = new(3, 1, 1, 6, 10, 2, 8, 8, 1, 2, 9, 1, 1, 2, 3, 1, 2, 4, 2, 1, 2);

    private static readonly ProcessorSpecification Card = new(
        "card",
        ProcessorClass.Gpu,
        CapacityBytes: 1_000_000,
        BytesPerSecond: 500e9,
        new Dictionary<DataType, double> { [DataType.Fp16] = 50e12, [DataType.Fp32] = 5e12 },
        new Power(100_000_000),
        StaticShare: 0.3,
        ComputeShare: 0.4,
        MemoryShare: 0.2);

    private static readonly SoftwareStack Eager = new(
        "eager",
        ProcessorClass.Gpu,
        DataType.Fp16,
        DataType.Fp16,
        DataType.Fp16,
        BandwidthFraction: 0.7,
        ComputeFraction: 0.8,
        LaunchMode.Asynchronous,
        LaunchCost: new Picoseconds(20_000_000),
        HostCostPerStep: new Picoseconds(300_000_000),
        Kernels);

    private static readonly Gen<Operator> AnyOperator = Gen.Select(
        Gen.Int[0, 13],
        Gen.Int[1, 64],
        Gen.Int[1, 4096],
        Gen.Int[1, 4096],
        Gen.Enum<DataType>(),
        (kind, rows, inputs, outputs, type) => kind switch
        {
            0 => Gemm(rows, inputs, outputs) with { WeightType = type },
            1 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.Add, Role = OperatorRole.Residual, ActivationType = type },
            2 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.Activation, Role = OperatorRole.FfnActivation, Activation = ActivationKind.Gelu },
            3 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.Norm, Role = OperatorRole.FfnNorm, Norm = NormKind.RmsNorm },
            4 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.Convolution, Role = OperatorRole.Other, Sequences = 1, Taps = 3, Stride = 2, Padding = 2 },
            5 => Gemm(rows, inputs, inputs) with { Kind = OperatorKind.DepthwiseConvolution, Role = OperatorRole.Other, Sequences = rows, Taps = 1, Stride = 1 },
            6 => Gemm(rows, inputs, 0) with { Kind = OperatorKind.ChannelFft, Role = OperatorRole.Other },
            7 => Gemm(rows, inputs, 0) with { Kind = OperatorKind.TokenFft, Role = OperatorRole.Other, Sequences = 1 },
            8 => Gemm(rows, 0, outputs) with { Kind = inputs % 2 == 0 ? OperatorKind.Gather : OperatorKind.Scatter, Role = OperatorRole.Other },
            9 => Gemm(rows, inputs, Math.Min(inputs, outputs)) with { Kind = OperatorKind.TopK, Role = OperatorRole.Sample },
            10 => Gemm(rows, inputs, 0) with { Kind = OperatorKind.Quantise, Role = OperatorRole.Quant, Group = inputs, WeightType = DataType.Int4 },
            11 => Gemm(rows, inputs, 0) with { Kind = OperatorKind.Dequantise, Role = OperatorRole.Dequant, Group = 1, WeightType = DataType.Int8 },
            12 => Gemm(rows, inputs, outputs) with { Kind = OperatorKind.SparseGemm, Nonzeros = inputs },
            _ => Gemm(1, 0, 0) with { Kind = OperatorKind.Attention, Role = OperatorRole.Attention, Sequences = 1, Heads = 16, KvHeads = 8, HeadDim = 64, Context = inputs, KvType = type },
        });

    private static readonly Gen<SoftwareStack> AnyStack = Gen.Select(
        Gen.Double[0.01, 1],
        Gen.Double[0.01, 1],
        Gen.Long[0, 50_000_000],
        Gen.Long[0, 500_000_000],
        Gen.Bool,
        (bandwidth, compute, launch, host, synchronous) => Eager with
        {
            BandwidthFraction = bandwidth,
            ComputeFraction = compute,
            LaunchCost = new Picoseconds(launch),
            HostCostPerStep = new Picoseconds(host),
            LaunchMode = synchronous ? LaunchMode.Synchronous : LaunchMode.Asynchronous,
        });

    [Fact]
    public void A_step_is_never_faster_than_memory_compute_or_launches_allow() =>
        Gen.Select(AnyStack, AnyOperator.Array[1, 20]).Sample((stack, operators) =>
        {
            ProcessorDevice device = new(Card, stack);
            double seconds = Replay.Run(device, StepOf(operators), Picoseconds.Zero).Seconds;
            Assert.True(seconds >= device.Counters["bytes"] / Card.BytesPerSecond);
            Assert.True(seconds >= device.Counters["flops"] / Card.PeakFlopsPerSecond[DataType.Fp16]);
            Assert.True(seconds >= ((stack.LaunchCost * device.Counters["kernels"]) + stack.HostCostPerStep).Seconds);
        });

    [Fact]
    public void The_ledger_holds_every_picosecond_of_every_step_once() =>
        Gen.Select(AnyStack, AnyOperator.Array[0, 10], Gen.Long[0, 1_000_000_000]).Sample((stack, operators, pause) =>
        {
            ProcessorDevice device = new(Card, stack);
            Picoseconds first = Replay.Run(device, StepOf(operators), new Picoseconds(pause));
            Assert.Equal(first.Value - pause, device.Ledger.TotalTime.Value);

            Picoseconds start = first + new Picoseconds(pause);
            Picoseconds second = Replay.Run(device, StepOf(operators), start);
            Assert.Equal(first.Value - pause + second.Value - start.Value, device.Ledger.TotalTime.Value);
            Assert.Equal(first.Value - pause, second.Value - start.Value);
        });

    [Fact]
    public void A_wait_for_somebody_else_within_a_step_is_booked_as_host_time()
    {
        ProcessorDevice device = new(Card, Eager);
        Step step = StepOf(Gemm(1, 64, 64));
        device.BeginStep(step, new Picoseconds(1_000));
        Picoseconds end = device.Execute(Gemm(1, 64, 64), 0, new Picoseconds(501_000));
        Picoseconds over = device.EndStep(step, end + new Picoseconds(7));
        Assert.Equal(over.Value - 1_000, device.Ledger.TotalTime.Value);
        Assert.Equal(500_000 + 7 + Eager.HostCostPerStep.Value, device.Ledger.Time(LedgerRows.Between, HostTime).Value);
    }

    [Fact]
    public void An_operator_ends_when_a_kernel_by_kernel_simulation_of_host_and_processor_says() =>
        Gen.Select(AnyStack, AnyOperator.Array[1, 10]).Sample((stack, operators) =>
        {
            ProcessorDevice device = new(Card, stack);
            device.BeginStep(StepOf(operators), Picoseconds.Zero);
            long host = 0;
            long processor = 0;
            foreach (Operator op in operators)
            {
                long before = Busy(device);
                Picoseconds end = device.Execute(op, 0, new Picoseconds(processor));
                long busy = Busy(device) - before;
                processor = KernelByKernel(stack, Kernels.Of(op), busy, ref host, processor);
                Assert.Equal(processor, end.Value);
            }
        });

    [Fact]
    public void More_bytes_never_take_less_time() =>
        Gen.Select(AnyStack, Gen.Int[1, 64], Gen.Int[1, 4096], Gen.Int[1, 4096], Gen.Int[0, 4096]).Sample((stack, rows, inputs, outputs, more) =>
            Assert.True(OneStep(stack, Gemm(rows, inputs, outputs)).TotalTime <= OneStep(stack, Gemm(rows, inputs, outputs + more)).TotalTime));

    [Fact]
    public void Energy_is_static_power_over_time_plus_energy_of_flops_and_bytes() =>
        Gen.Select(AnyStack, AnyOperator.Array[1, 10]).Sample((stack, operators) =>
        {
            ProcessorDevice device = new(Card, stack);
            Picoseconds over = Replay.Run(device, StepOf(operators), Picoseconds.Zero);
            double staticJoules = 0.3 * 100 * over.Seconds;
            double dynamicJoules = (0.4 * 100 / 50e12 * device.Counters["flops"]) + (0.2 * 100 / 500e9 * device.Counters["bytes"]);
            Assert.Equal(1, device.Ledger.TotalEnergy.Joules / (staticJoules + dynamicJoules), 5);
            Assert.True(device.Ledger.TotalEnergy.Joules >= staticJoules);
        });

    [Fact]
    public void A_small_operator_waits_for_its_launch_and_a_large_one_hides_the_launches_after_it()
    {
        // 8 activation kernels of 64 elements: 256 B in all, far below 8 x 20 us.
        Operator small = Gemm(1, 0, 64) with { Kind = OperatorKind.Activation, Role = OperatorRole.FfnActivation, Activation = ActivationKind.Gelu };
        CostLedger launchBound = OneStep(Eager, small);
        Assert.InRange(launchBound.Time(LedgerRows.Of(small.Role), LaunchTime).Value, 159_990_000, 160_000_000);

        // 4096 x 4096 fp16 weights: 33.6 MB at 350 GB/s are 96 us, in which the next four launches are issued.
        Operator large = Gemm(1, 4096, 4096);
        CostLedger bandwidthBound = OneStep(Eager, large, large, large, large, large);
        Assert.Equal(20_000_000, bandwidthBound.Time(LedgerRows.Of(large.Role), LaunchTime).Value);
        Assert.InRange(bandwidthBound.Time(LedgerRows.Of(large.Role), MemoryTime).Value, 479_000_000, 481_000_000);
        Assert.Equal(0, bandwidthBound.Time(LedgerRows.Of(large.Role), ComputeTime).Value);
    }

    [Fact]
    public void A_product_of_many_rows_is_bound_by_compute()
    {
        // 2 x 4096^3 FLOPs at 40 TFLOP/s are 3436 us; 100 MB at 350 GB/s are 288 us.
        Operator product = Gemm(4096, 4096, 4096) with { Bias = false };
        CostLedger ledger = OneStep(Eager, product);
        Assert.InRange(ledger.Time(LedgerRows.Of(product.Role), ComputeTime).Value, 3_435_900_000, 3_436_000_000);
        Assert.Equal(0, ledger.Time(LedgerRows.Of(product.Role), MemoryTime).Value);
    }

    [Fact]
    public void A_synchronous_launch_adds_to_every_kernel()
    {
        SoftwareStack cpu = Eager with { LaunchMode = LaunchMode.Synchronous };
        Operator large = Gemm(1, 4096, 4096);
        CostLedger ledger = OneStep(cpu, large, large, large);
        Assert.Equal(60_000_000, ledger.Time(LedgerRows.Of(large.Role), LaunchTime).Value);
    }

    [Fact]
    public void The_types_of_the_stack_replace_those_of_the_operator()
    {
        Operator op = Gemm(1, 1024, 1024) with { Bias = false, WeightType = DataType.Int4, ActivationType = DataType.Int8 };
        ProcessorDevice half = new(Card, Eager);
        ProcessorDevice full = new(Card, Eager with { WeightType = DataType.Fp32, ActivationType = DataType.Fp32, KvType = DataType.Fp32 });
        Replay.Run(half, StepOf(op), Picoseconds.Zero);
        Replay.Run(full, StepOf(op), Picoseconds.Zero);
        Assert.Equal(2 * ((1024 * 1024) + 2048), half.Counters["bytes"]);
        Assert.Equal(4 * ((1024 * 1024) + 2048), full.Counters["bytes"]);
    }

    [Fact]
    public void What_is_quantised_keeps_its_type()
    {
        Operator op = Gemm(3, 1024, 0) with { Kind = OperatorKind.Quantise, Role = OperatorRole.Quant, Group = 64, WeightType = DataType.Int4, ActivationType = DataType.Fp32 };
        ProcessorDevice device = new(Card, Eager);
        Replay.Run(device, StepOf(op), Picoseconds.Zero);
        Assert.Equal(3 * ((2 * 1024) + 512 + (4 * 16)), device.Counters["bytes"]);
        Assert.Equal(Kernels.Quantise, device.Counters["kernels"]);
    }

    [Fact]
    public void Executing_allocates_nothing()
    {
        ProcessorDevice device = new(Card, Eager);
        Operator op = Gemm(1, 1024, 1024);
        Picoseconds now = device.Execute(op, 0, device.BeginStep(StepOf(op), Picoseconds.Zero));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            now = device.Execute(op, i, now);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_model_that_does_not_fit_is_refused_with_both_sizes()
    {
        // 10,000 x 30,000 weights in fp16 are 0.6 GB, 2 x 1 x 5000 x 2 x 2000 cached elements 0.08 GB; recorded in int4, half of the card.
        ModelFootprint model = new("wide", [new WeightMatrix(OperatorRole.FfnUp, 10_000, 30_000, false, 1)], 0, 1, 5000, 100, 2000, 2, DataType.Int4, DataType.Int4);
        ProcessorDevice device = new(Card with { CapacityBytes = 500_000_000 }, Eager);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => device.Load(model));
        Assert.Equal("'wide' does not fit 'card': weights 0.60 GB (fp16) + keys and values 0.08 GB (fp16, 2 x 2000 tokens) = 0.68 GB, and the memory holds 0.50 GB", fault.Message);
    }

    [Fact]
    public void A_model_that_fills_the_memory_to_the_last_byte_is_accepted()
    {
        ModelFootprint model = new("exact", [new WeightMatrix(OperatorRole.FfnUp, 100, 4000, false, 1)], 0, 1, 1000, 100, 50, 1, DataType.Fp32, DataType.Fp32);
        new ProcessorDevice(Card, Eager).Load(model);
        Assert.Throws<PimSimUserException>(() => new ProcessorDevice(Card with { CapacityBytes = 999_999 }, Eager).Load(model));
    }

    [Fact]
    public void A_stack_for_another_processor_is_refused()
    {
        PimSimUserException sort = Assert.Throws<PimSimUserException>(() => new ProcessorDevice(Card, Eager with { Class = ProcessorClass.Cpu }));
        Assert.Equal("stack 'eager' is for a cpu, and 'card' is a gpu; take a stack for a gpu", sort.Message);
        PimSimUserException type = Assert.Throws<PimSimUserException>(() => new ProcessorDevice(Card, Eager with { ActivationType = DataType.Bf16 }));
        Assert.Equal("stack 'eager' computes in bf16, for which 'card' has no peak rate; it has fp32, fp16", type.Message);
    }

    /// <summary>The oracle: one kernel after another, in n-ths of a picosecond so that busy / n is exact.</summary>
    private static long KernelByKernel(SoftwareStack stack, int kernels, long busy, ref long host, long processor)
    {
        Int128 free = (Int128)processor * kernels;
        for (int i = 0; i < kernels; i++)
        {
            if (stack.LaunchMode == LaunchMode.Synchronous)
            {
                free += (Int128)stack.LaunchCost.Value * kernels;
            }
            else
            {
                host += stack.LaunchCost.Value;
                free = Int128.Max(free, (Int128)host * kernels);
            }

            free += busy;
        }

        return (long)((free + kernels - 1) / kernels);
    }

    [Fact]
    public void An_opaque_operator_takes_its_measured_time_on_any_stack() => Gen.Select(AnyStack, Gen.Long[0, 1_000_000], AnyOperator).Sample((stack, nanoseconds, op) =>
    {
        Operator opaque = new() { Kind = OperatorKind.Opaque, Role = OperatorRole.Other, Phase = Phase.Decode, Rows = 0, Label = "kernel", OpaqueNanoseconds = nanoseconds };
        Picoseconds alone = Replay.Run(new ProcessorDevice(Card, stack), StepOf(opaque), Picoseconds.Zero);
        Assert.Equal((1000 * nanoseconds) + stack.HostCostPerStep.Value, alone.Value);

        ProcessorDevice device = new(Card, stack);
        Picoseconds end = Replay.Run(device, StepOf(opaque, op, opaque), Picoseconds.Zero);
        Assert.Equal(2000 * nanoseconds, device.Ledger.Time(LedgerRows.Of(OperatorRole.Other), 4).Value);
        Assert.Equal("opaque", device.Ledger.TimeComponents[4]);
        Assert.Equal(end.Value, Enumerable.Range(0, LedgerRows.Count).Sum(row => Enumerable.Range(0, 5).Sum(column => device.Ledger.Time(row, column).Value)));
    });

    [Theory]
    [InlineData(OperatorKind.GroupedGemm)]
    [InlineData(OperatorKind.Collective)]
    public void An_operator_that_no_device_runs_yet_is_refused_by_name(OperatorKind kind)
    {
        ProcessorDevice device = new(Card, Eager);
        Operator op = Gemm(4, 8, 16) with { Kind = kind, Role = OperatorRole.Experts, Experts = 2, Ranks = 2, Collective = CollectiveKind.AllReduce };
        string message = Assert.Throws<PimSimUserException>(() => device.Execute(op, 0, Picoseconds.Zero)).Message;
        Assert.StartsWith($"{device.Name}: cannot run {kind} (Experts)", message, StringComparison.Ordinal);
        Assert.Equal(0, device.Ledger.TotalTime.Value);
    }

    private static long Busy(ProcessorDevice device) => Enumerable.Range(0, LedgerRows.Count)
        .Sum(row => device.Ledger.Time(row, MemoryTime).Value + device.Ledger.Time(row, ComputeTime).Value);

    [Fact]
    public void Attention_in_both_directions_is_charged_for_all_pairs()
    {
        Operator causal = Gemm(64, 0, 0) with { Kind = OperatorKind.Attention, Bias = false, Role = OperatorRole.Attention, Sequences = 2, Heads = 4, KvHeads = 4, HeadDim = 8, Context = 32 };
        Assert.Equal(2L * 4 * (32 * 33 / 2) * ((4 * 8) + 5), Flops(causal));
        Assert.Equal(2L * 4 * 32 * 32 * ((4 * 8) + 5), Flops(causal with { Mask = AttentionMask.Bidirectional }));

        // Cross-attention: the context has nothing to do with the rows.
        Assert.Equal(2L * 4 * 32 * 7 * ((4 * 8) + 5), Flops(causal with { Role = OperatorRole.CrossAttention, Mask = AttentionMask.Bidirectional, Context = 7 }));

        static long Flops(Operator op)
        {
            ProcessorDevice device = new(Card, Eager);
            Replay.Run(device, StepOf(op), Picoseconds.Zero);
            return device.Counters["flops"];
        }
    }

    private static CostLedger OneStep(SoftwareStack stack, params Operator[] operators)
    {
        ProcessorDevice device = new(Card, stack);
        Replay.Run(device, StepOf(operators), Picoseconds.Zero);
        return device.Ledger;
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
        Bias = true,
    };
}
