using System.Globalization;
using CsCheck;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Devices.Tests.Stacks;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Gpu;

public class GpuDeviceTests(ITestOutputHelper output)
{
    private static readonly Gen<Operator> AnyOperator = Gen.Select(
        Gen.Int[0, 6],
        Gen.Int[1, 64],
        Gen.Int[1, 4096],
        Gen.Int[1, 4096],
        (kind, rows, inputs, outputs) => kind switch
        {
            0 => Op(OperatorKind.Gemm, rows, inputs, outputs),
            1 => Op(OperatorKind.Add, rows, 0, outputs),
            2 => Op(OperatorKind.Norm, rows, inputs, 0) with { Norm = NormKind.RmsNorm },
            3 => Op(OperatorKind.Activation, rows, 0, outputs) with { Activation = ActivationKind.SwiGlu },
            4 => Op(OperatorKind.GroupedGemm, rows, inputs, outputs) with { Experts = Math.Min(rows, 4) },
            5 => Attention(rows, 1, inputs),
            _ => Attention(1, rows, rows + inputs),
        });

    public static TheoryData<string, string> EveryGpuAndStack()
    {
        HardwareCatalogue catalogue = new(null);
        TheoryData<string, string> pairs = [];
        foreach (string gpu in catalogue.Gpus.Names)
        {
            foreach (string stack in catalogue.Stacks.Names.Where(name => catalogue.Stacks.Open(name, new ProblemList()).Root.Optional("class").RawText == "gpu"))
            {
                pairs.Add(gpu, stack);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(EveryGpuAndStack))]
    public void Every_shipped_gpu_runs_every_shipped_stack_or_says_what_it_lacks(string gpu, string stack)
    {
        GpuStack software = Replay.Stack(stack);
        GpuSpecification sheet = Replay.Sheet(gpu);
        bool hasType = sheet.PeakFlopsPerSecond.ContainsKey(software.ActivationType);
        if (hasType && software.Streams.Any(family => family.Serves(sheet.Architecture, software.ActivationType)))
        {
            GpuCostModel model = new(sheet, Replay.Silicon(gpu), software);
            Assert.True(model.Compute(model.Stored(Op(OperatorKind.Gemm, 16, 4096, 4096))).TotalPs > 0);
        }
        else
        {
            Assert.Contains(hasType ? $"kernels for {sheet.Architecture} ('{gpu}')" : "no peak rate", Assert.Throws<PimSimUserException>(() => new OperatorKernels(sheet, software)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_picosecond_of_a_step_is_booked_once() => AnyOperator.Array[1, 30].Sample(
        operators =>
        {
            foreach (string stack in (string[])["vllm-0.14", "pytorch-eager-2023"])
            {
                GpuDevice device = Replay.Gpu("a100-80", stack);
                Picoseconds over = Replay.Run(device, new Step(0, Phase.Decode, [new StepBlock([.. operators], 2)], 1), Picoseconds.Zero);
                Assert.Equal(over, device.Ledger.TotalTime);
            }
        },
        iter: 40);

    [Fact]
    public void A_card_never_draws_more_than_its_limit() => AnyOperator.Sample(op =>
    {
        foreach (string gpu in (string[])["t4", "a100-80", "h200"])
        {
            GpuSpecification sheet = Replay.Sheet(gpu);
            GpuCostModel model = new(sheet, Replay.Silicon(gpu), GpuStack.Read(Replay.Open("stacks", "sarathi-2024")));
            GpuOperatorCost cost = model.Compute(model.Stored(op));
            double watts = model.StaticPower.Watts + (cost.Energy.Joules / (cost.TotalPs * 1e-12));
            Assert.True(watts <= sheet.DesignPower.Watts * (1 + 1e-6), $"{gpu}: {watts} W");
        }
    });

    [Fact]
    public void A_large_product_reaches_the_power_limit_of_an_H200_and_slows_down()
    {
        GpuCostModel model = new(Replay.Sheet("h200"), Replay.Silicon("h200"), GpuStack.Read(Replay.Open("stacks", "vllm-0.22")));
        GpuOperatorCost cost = model.Compute(model.Stored(Op(OperatorKind.Gemm, 16_384, 16_384, 16_384)));
        Assert.True(cost.PowerPs > 0);
        Assert.Equal(700, model.StaticPower.Watts + (cost.Energy.Joules / (cost.TotalPs * 1e-12)), 0.01);
    }

    [Fact]
    public void A_known_operator_costs_what_it_cost_before_and_allocates_nothing()
    {
        GpuCostModel model = new(Replay.Sheet("a100-80"), Replay.Silicon("a100-80"), GpuStack.Read(Replay.Open("stacks", "vllm-0.14")));
        Operator op = model.Stored(Op(OperatorKind.Gemm, 7, 4096, 4096));
        Assert.Equal(model.Compute(op), model.Of(op));
        model.Of(op);
        Assert.Equal(0, Allocations.Least(() =>
        {
            model.Of(op);
            model.Compute(op);
        }));
    }

    [Fact]
    public void An_operator_that_the_stack_fuses_takes_no_time_and_no_launch()
    {
        GpuDevice device = Replay.Gpu("a100-80", "vllm-0.14");
        device.BeginStep(new Step(0, Phase.Decode, [], 1), Picoseconds.Zero);
        Assert.Equal(new Picoseconds(5), device.Execute(Op(OperatorKind.Add, 4, 0, 4096), 0, new Picoseconds(5)));
        Assert.Equal(0, device.Counters["kernels"]);
    }

    [Fact]
    public void A_model_that_does_not_fit_is_refused_with_both_sizes()
    {
        GpuDevice device = Replay.Gpu("t4", "pytorch-eager-2023");
        ModelFootprint exact = new("exact", [new WeightMatrix(OperatorRole.FfnUp, 1 << 16, 1 << 17, false, 1)], -1024, 1, 512, 128, 1, 1, DataType.Int4, DataType.Fp8);
        device.Load(exact);
        string refused = Assert.Throws<PimSimUserException>(() => device.Load(exact with { OtherParameters = -1023 })).Message;
        Assert.Contains("'exact' does not fit 't4': weights 17.18 GB (fp16) + keys and values 0.00 GB (fp16, 1 x 1 tokens) = 17.18 GB, and the memory holds 17.18 GB", refused, StringComparison.Ordinal);

        // Integers are what a technique quantised to, and are counted as that.
        string quantised = Assert.Throws<PimSimUserException>(() => device.Load(exact with { KvType = DataType.Int2, ReservedContext = 1 << 20 })).Message;
        Assert.Contains("keys and values 0.27 GB (int2, 1 x 1048576 tokens)", quantised, StringComparison.Ordinal);
    }

    [Fact]
    public void Launches_overlap_with_kernels_as_if_each_were_followed() =>
        Gen.Select(Gen.Int[0, 500], Gen.Int[0, 500], Gen.Int[0, 50], Gen.Int[1, 12], Gen.Int[0, 40]).Sample((start, host, launch, kernels, each) =>
        {
            long end = start;
            for (int i = 1; i <= kernels; i++)
            {
                end = Math.Max(end, host + (i * launch)) + each;
            }

            Assert.Equal(end, LaunchQueue.End<long>(start, host, launch, kernels, (long)kernels * each, each));
        });

    [Fact]
    public void The_memory_of_every_card_streams_between_four_fifths_and_all_of_its_rate()
    {
        foreach (string gpu in new HardwareCatalogue(null).Gpus.Names)
        {
            double fraction = Replay.Sheet(gpu).StreamingFraction;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{gpu}: {fraction:0.000}"));
            Assert.InRange(fraction, 0.8, 1);
        }
    }

    [Fact]
    public void A_lonely_collective_is_refused()
    {
        GpuDevice device = Replay.Gpu("t4", "pytorch-eager-2023");
        Operator collective = Op(OperatorKind.Collective, 4, 0, 4096) with { Collective = CollectiveKind.AllReduce, Ranks = 4 };
        Assert.Contains("no one to talk to", Assert.Throws<PimSimUserException>(() => device.Execute(collective, 0, Picoseconds.Zero)).Message, StringComparison.Ordinal);
    }

    private static Operator Op(OperatorKind kind, int rows, int inputs, int outputs) => new()
    {
        Kind = kind,
        Role = OperatorRole.Other,
        Phase = Phase.Decode,
        Rows = rows,
        Inputs = inputs,
        Outputs = outputs,
        WeightType = DataType.Bf16,
        ActivationType = DataType.Bf16,
        KvType = DataType.Bf16,
    };

    private static Operator Attention(int sequences, int queries, int context) => Op(OperatorKind.Attention, sequences * queries, 0, 0) with
    {
        Sequences = sequences,
        Heads = 32,
        KvHeads = 8,
        HeadDim = 128,
        Context = context,
    };
}
