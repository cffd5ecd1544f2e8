using CsCheck;
using PimSim.Devices.Asic;
using PimSim.Devices.Pim;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

public class PimDeviceTests
{
    /// <summary>Clocks that meet the channels' clock at odd moments.</summary>
    private static readonly Gen<AsicModel> Asics =
        Gen.Select(Gen.OneOf(700_000_000L, 1_000_000_000L, 933_333_333L, 3_000_000_007L, 1_000_000L), Gen.OneOf(1, 3, 256)).Select(PimDevices.AsicWith);

    private static readonly Gen<PimMemory> Memories = Gen.OneOf(
        Gen.Int[1, 9].Select(channels => MemoryVariants.With($"organization.channels={channels}")),
        Gen.Int[0, 3].Select(i => MemoryVariants.With($"clock={700 + (i * 113)} ps", "processing.globalBuffer=96 B")));

    private static readonly Gen<(PimMemory Memory, AsicModel Asic, PimModel Model, PimWork[] Works)> Runs = Gen.Select(Memories, Asics, PimModel.Small)
        .SelectMany((memory, asic, model) => PimWork.On(model, 14).Select(works => (memory, asic, model, works)));

    [Fact]
    public void Every_picosecond_of_an_operator_is_booked_once_in_the_row_of_its_role() => Runs.Sample(
        run =>
        {
            PimDevice device = PimDevices.New(run.Memory, run.Model.Footprint, asic: run.Asic);
            Picoseconds now = Picoseconds.Zero;
            foreach (PimWork work in run.Works)
            {
                Picoseconds start = now + work.Idle;
                long[] before = RowTimes(device.Ledger);
                now = device.Execute(work.Operator, work.Instance, start);
                Assert.True(now >= start);
                before[LedgerRows.Of(work.Operator.Role)] += (now - start).Value;
                Assert.Equal(before, RowTimes(device.Ledger));
            }
        },
        iter: 300);

    [Fact]
    public void Energy_grows_and_its_total_is_the_sum_of_its_entries() => Runs.Sample(
        run =>
        {
            PimDevice device = PimDevices.New(run.Memory, run.Model.Footprint, asic: run.Asic);
            CostLedger ledger = device.Ledger;
            Picoseconds now = Picoseconds.Zero;
            Int128[] before = Energies(ledger);
            foreach (PimWork work in run.Works)
            {
                Picoseconds start = now + work.Idle;
                now = device.Execute(work.Operator, work.Instance, start);
                Int128[] after = Energies(ledger);
                int row = LedgerRows.Of(work.Operator.Role) * ledger.EnergyComponents.Count;
                for (int i = 0; i < after.Length; i++)
                {
                    bool here = i >= row && i < row + ledger.EnergyComponents.Count;
                    Assert.True(here ? after[i] >= before[i] : after[i] == before[i]);
                }

                // Whoever takes time draws standby power; whoever moves or multiplies spends on it.
                foreach (PimEnergyComponent component in MustSpend(work.Operator).Where(_ => now > start))
                {
                    Assert.True(after[row + (int)component] > before[row + (int)component], $"{work.Operator.Kind} spends no {component}");
                }

                before = after;
            }

            Int128 total = 0;
            foreach (Int128 entry in before)
            {
                total += entry;
            }

            Assert.Equal(total, ledger.TotalEnergy.Attojoules);
        },
        iter: 200);

    [Fact]
    public void A_product_takes_no_less_than_its_multiplications_at_the_peak_rate() => Products.Sample(
        shape =>
        {
            (PimMemory memory, int inputs, int outputs, bool bias, int tokens) = shape;
            PimDevice device = PimDevices.New(memory, Product(inputs, outputs, bias));
            Picoseconds end = device.Execute(Gemm(inputs, outputs, bias, tokens), 0, Picoseconds.Zero);
            decimal cycles = (decimal)inputs * outputs * tokens / (memory.TotalBanks * memory.MultipliersPerBank);
            Assert.True(end.Value >= cycles * (decimal)memory.Clock.PeriodPs);

            // The part of the time that is booked as unavoidable is that bound, rounded down to cycles for each token.
            long bound = device.Ledger.Time(LedgerRows.Of(OperatorRole.LmHead), 0).Value;
            Assert.InRange(bound, ((cycles / tokens) - 1) * tokens * (decimal)memory.Clock.PeriodPs, cycles * (decimal)memory.Clock.PeriodPs);
        },
        iter: 100);

    [Fact]
    public void Twice_the_channels_never_make_a_product_slower() => Products.Sample(
        shape =>
        {
            (PimMemory memory, int inputs, int outputs, bool bias, int tokens) = shape;
            Picoseconds Time(int channels) => PimDevices.New(Roomy(channels), Product(inputs, outputs, bias))
                .Execute(Gemm(inputs, outputs, bias, tokens), 0, Picoseconds.Zero);
            Assert.True(Time(2 * memory.Channels) <= Time(memory.Channels), $"{Time(memory.Channels)} with {memory.Channels} channels, {Time(2 * memory.Channels)} with twice as many");
        },
        iter: 100);

    /// <summary>Clocks of which every edge is also one of the faster clock, and no refresh: an operation that starts later
    /// because the ASIC was slower may otherwise fall on a better moment.</summary>
    [Fact]
    public void A_slower_asic_makes_nothing_faster() => PimModel.Small.SelectMany(model => PimWork.On(model, 14).Select(works => (model, works))).Sample(
        (model, works) =>
        {
            PimMemory memory = MemoryVariants.With("refresh.interval=10 s");
            AsicModel[] slower = [PimDevices.AsicWith(1_000_000_000, 256), PimDevices.AsicWith(1_000_000_000, 16), PimDevices.AsicWith(500_000_000, 16), PimDevices.AsicWith(125_000_000, 16)];
            Picoseconds[] before = new Picoseconds[works.Length];
            foreach (AsicModel asic in slower)
            {
                PimDevice device = PimDevices.New(memory, model.Footprint, asic: asic);
                Picoseconds now = Picoseconds.Zero;
                for (int i = 0; i < works.Length; i++)
                {
                    now = device.Execute(works[i].Operator, works[i].Instance, now);
                    Assert.True(now >= before[i], $"{works[i].Operator.Kind} is over at {now}, with a faster ASIC at {before[i]}");
                    before[i] = now;
                }
            }
        },
        iter: 100);

    [Fact]
    public void Attention_over_two_caches_or_with_a_bias_is_refused_before_anything_runs() => PimModel.Small.Sample(
        model =>
        {
            PimMemory memory = MemoryVariants.With("organization.rows=65536");
            ModelFootprint crossed = model.Footprint with { Matrices = model.Footprint.Matrices.Add(new WeightMatrix(OperatorRole.CrossKvProjection, 16, 32, false, 1)) };
            Assert.Contains("is an encoder-decoder; its banks are mapped for attention over one cache alone", Assert.Throws<PimSimUserException>(() => PimDevices.New(memory, crossed)).Message, StringComparison.Ordinal);

            PimDevice device = PimDevices.New(memory, model.Footprint);
            Operator attention = model.Operator(OperatorKind.Attention, 0, 1, 1);
            Operator biased = attention with { Bias = true, Inputs = 32 };
            Assert.Contains("biased by position", Assert.Throws<PimSimUserException>(() => device.Execute(biased, 0, Picoseconds.Zero)).Message, StringComparison.Ordinal);
            Assert.True(device.Execute(attention, 0, Picoseconds.Zero) > Picoseconds.Zero);
        },
        iter: 10);

    public static TheoryData<OperatorKind> OtherKinds => [.. Enum.GetValues<OperatorKind>().Where(kind => kind >= OperatorKind.Opaque && !OnRows.Contains(kind))];

    private static readonly OperatorKind[] OnRows = [OperatorKind.Gather, OperatorKind.TopK, OperatorKind.Elementwise, OperatorKind.Softmax, OperatorKind.AttentionScores];

    [Theory]
    [MemberData(nameof(OtherKinds))]
    public void An_operator_that_banks_and_asic_do_not_know_is_refused_by_name(OperatorKind kind)
    {
        PimDevice device = PimDevices.New(Roomy(1), Product(16, 16, false));
        Operator op = new() { Kind = kind, Role = OperatorRole.Other, Phase = Phase.Decode, Rows = 1, Label = kind == OperatorKind.Opaque ? "a kernel" : null };
        string message = Assert.Throws<PimSimUserException>(() => device.Execute(op, 0, Picoseconds.Zero)).Message;
        Assert.StartsWith($"toy-device: cannot run {kind} ({op.Label ?? "Other"})", message, StringComparison.Ordinal);
        Assert.Equal(0, device.Ledger.TotalTime.Value);
    }

    private static Gen<(PimMemory Memory, int Inputs, int Outputs, bool Bias, int Tokens)> Products { get; } = Gen.Select(
        Gen.Int[1, 12].Select(Roomy),
        Gen.OneOf(Gen.Int[1, 100], Gen.Int[1, 6000]),
        Gen.Frequency((9, Gen.Int[1, 5000]), (1, Gen.Int[1, 60_000])),
        Gen.Bool,
        Gen.Int[1, 3]);

    private static PimMemory Roomy(int channels) => MemoryVariants.With($"organization.channels={channels}", "organization.rows=65536");

    private static ModelFootprint Product(int inputs, int outputs, bool bias) =>
        new("product", [new WeightMatrix(OperatorRole.LmHead, inputs, outputs, bias, 1)], 0, 1, 16, 16, 1, 1, DataType.Bf16, DataType.Bf16);

    private static Operator Gemm(int inputs, int outputs, bool bias, int tokens) => new()
    {
        Kind = OperatorKind.Gemm,
        Role = OperatorRole.LmHead,
        Phase = Phase.Decode,
        Rows = tokens,
        Inputs = inputs,
        Outputs = outputs,
        Bias = bias,
        WeightType = DataType.Bf16,
        ActivationType = DataType.Bf16,
    };

    private static PimEnergyComponent[] MustSpend(in Operator op) => op.Kind switch
    {
        OperatorKind.Gemm =>
            [PimEnergyComponent.Activate, PimEnergyComponent.MacArray, PimEnergyComponent.MacUnits, PimEnergyComponent.Standby, PimEnergyComponent.Io, PimEnergyComponent.AsicStatic],
        OperatorKind.Attention =>
            [PimEnergyComponent.Activate, PimEnergyComponent.MacArray, PimEnergyComponent.MacUnits, PimEnergyComponent.Standby, PimEnergyComponent.Io, PimEnergyComponent.AsicDynamic, PimEnergyComponent.AsicStatic],
        OperatorKind.KvAppend or OperatorKind.Embedding =>
            [PimEnergyComponent.Activate, PimEnergyComponent.BankAccess, PimEnergyComponent.Standby, PimEnergyComponent.Io, PimEnergyComponent.AsicStatic],
        OperatorKind.Norm =>
            [PimEnergyComponent.Activate, PimEnergyComponent.BankAccess, PimEnergyComponent.Standby, PimEnergyComponent.Io, PimEnergyComponent.AsicDynamic, PimEnergyComponent.AsicStatic],

        // There is nothing to compare one logit with.
        OperatorKind.Sample when op.Inputs == 1 => [PimEnergyComponent.Standby, PimEnergyComponent.AsicStatic],
        _ => [PimEnergyComponent.Standby, PimEnergyComponent.AsicDynamic, PimEnergyComponent.AsicStatic],
    };

    private static long[] RowTimes(CostLedger ledger) =>
        [.. Enumerable.Range(0, ledger.Rows).Select(row => Enumerable.Range(0, ledger.TimeComponents.Count).Sum(component => ledger.Time(row, component).Value))];

    private static Int128[] Energies(CostLedger ledger) =>
        [.. Enumerable.Range(0, ledger.Rows).SelectMany(row => Enumerable.Range(0, ledger.EnergyComponents.Count).Select(component => ledger.Energy(row, component).Attojoules))];
}
