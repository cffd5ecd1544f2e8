using CsCheck;
using PimSim.Devices.Pim;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

/// <summary>What techniques ask of a PIM system beside plain decoding.</summary>
public class PimTechniqueTests
{
    private static readonly PimMemory Memory = Catalogues.Memory("pim-gpt-memory");
    private static readonly PimModel Model = new(256, 2, 2, 64, 512, 1000, false, 2, 300, 2);

    [Fact]
    public void Matrices_of_one_role_lie_apart_by_their_shapes() => Gen.Select(PimModel.Small, Gen.Int[1, 900], Gen.Int[1, 900]).Sample(
        (model, inputs, outputs) =>
        {
            ModelFootprint drafted = model.Footprint with
            {
                Matrices = [.. model.Footprint.Matrices, new WeightMatrix(OperatorRole.DraftHead, inputs, outputs, false, 3), new WeightMatrix(OperatorRole.DraftHead, inputs + 1, outputs, false, 1)],
            };
            ModelFootprint alone = model.Footprint with { Matrices = [.. model.Footprint.Matrices, new WeightMatrix(OperatorRole.DraftInput, inputs + 1, outputs, false, 1)] };
            Operator second = model.Operator(OperatorKind.Gemm, 0, 1, 1) with { Role = OperatorRole.DraftHead, Inputs = inputs + 1, Outputs = outputs, Bias = false };

            // The same time and energy as where the other shape does not exist, whatever row it lies in.
            PimDevice with = PimDevices.New(Memory, drafted), without = PimDevices.New(Memory, alone);
            Assert.Equal(without.Execute(second with { Role = OperatorRole.DraftInput }, 0, Picoseconds.Zero), with.Execute(second, 0, Picoseconds.Zero));
            Assert.Equal(without.Ledger.TotalEnergy, with.Ledger.TotalEnergy);
            with.Execute(second with { Inputs = inputs }, 2, Picoseconds.Zero);
            Assert.Contains("of them", Refusal(drafted, second, 1), StringComparison.Ordinal);
            Assert.Contains($"matrices are [{inputs}, {outputs}], [{inputs + 1}, {outputs}]", Refusal(drafted, second with { Inputs = inputs + 2 }, 0), StringComparison.Ordinal);
        },
        iter: 30);

    [Fact]
    public void Draft_layers_of_a_decoder_are_more_instances_and_take_more_rows()
    {
        ModelFootprint drafted = Model.Footprint with { Matrices = [.. Model.Footprint.Matrices.Select(matrix => matrix.Role == OperatorRole.LmHead ? matrix : matrix with { Instances = matrix.Instances + 1 })] };
        PimDevice device = PimDevices.New(Memory, drafted);
        device.Execute(Model.Operator(OperatorKind.Gemm, 0, 1, 1), Model.Layers, Picoseconds.Zero);
        Assert.Contains("of them", Refusal(Model.Footprint, Model.Operator(OperatorKind.Gemm, 0, 1, 1), Model.Layers), StringComparison.Ordinal);
    }

    [Fact]
    public void Caches_of_drafts_take_rows_of_the_memory()
    {
        ModelFootprint full = Model.Footprint;
        long bytes = Memory.Bytes;
        PimDevices.New(Memory, full with { OtherKvBytes = bytes / 4 });
        Assert.Contains("does not fit", Assert.Throws<PimSimUserException>(() => PimDevices.New(Memory, full with { OtherKvBytes = bytes })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_that_see_the_whole_context_cost_a_query_over_all_of_it_each() => Gen.Select(PimModel.Small, Gen.Int[1, 6], Gen.Int[1, 400]).Sample(
        (model, tokens, before) =>
        {
            int context = Math.Min(model.Reserved, before + tokens);
            tokens = Math.Min(tokens, context);
            Operator tree = model.Operator(OperatorKind.Attention, 0, tokens, context) with { Mask = AttentionMask.Bidirectional };
            PimDevice together = PimDevices.New(Memory, model.Footprint), apart = PimDevices.New(Memory, model.Footprint);
            Picoseconds end = together.Execute(tree, 0, Picoseconds.Zero), now = Picoseconds.Zero;

            // A causal query of a single token sees all that is there.
            ModelFootprint one = model.Footprint with { Sequences = 1 };
            Operator query = tree with { Rows = 1, Sequences = 1, Mask = AttentionMask.Causal };
            PimDevice single = PimDevices.New(Memory, one);
            for (int i = 0; i < tokens * model.Sequences; i++)
            {
                now = single.Execute(query, 0, now);
            }

            Assert.Equal(now, end);
            if (tokens > 1)
            {
                Assert.True(apart.Execute(tree with { Mask = AttentionMask.Causal }, 0, Picoseconds.Zero) <= end);
            }
        },
        iter: 40);

    [Fact]
    public void Scores_alone_read_no_values_and_take_their_mean_on_the_ASIC()
    {
        Operator attention = Model.Operator(OperatorKind.Attention, 0, 1, 200);
        PimDevice whole = PimDevices.New(Memory, Model.Footprint), scores = PimDevices.New(Memory, Model.Footprint);
        whole.Execute(attention, 0, Picoseconds.Zero);
        scores.Execute(attention with { Kind = OperatorKind.AttentionScores, Role = OperatorRole.KvSelection }, 0, Picoseconds.Zero);
        Assert.InRange(scores.Counters["commands.MACAB"], 1, whole.Counters["commands.MACAB"] - 1);
        int asic = scores.Ledger.TimeComponents.ToList().IndexOf("asic");
        long rows = Model.Sequences;
        long expected = rows * (PimDevices.ShippedAsic.Softmax(4, 200).Cycles.Value + PimDevices.ShippedAsic.Accumulate(4 * 200).Cycles.Value);
        Picoseconds cycles = PimDevices.ShippedAsic.Configuration.Clock.TimeOf(new Cycles(expected));
        Assert.InRange(scores.Ledger.Time(LedgerRows.Of(OperatorRole.KvSelection), asic).Value, cycles.Value, cycles.Value + (4 * rows * 1000));
    }

    [Fact]
    public void Rows_that_are_gathered_cross_the_pins_both_ways() => Gen.Select(Gen.Int[1, 300], Gen.Int[1, 5000]).Sample(
        (rows, columns) =>
        {
            PimDevice device = PimDevices.New(Memory, Model.Footprint);
            Operator gather = Model.Operator(OperatorKind.Add, 0, 1, 1) with { Kind = OperatorKind.Gather, Role = OperatorRole.KvSelection, Rows = rows, Outputs = columns };
            Picoseconds end = device.Execute(gather, 0, Picoseconds.Zero);
            long accesses = ((2L * rows * columns) + 31) / 32;
            Assert.Equal((accesses, accesses), (device.Counters["commands.RD"], device.Counters["commands.WR"]));
            Assert.Equal(end, device.Ledger.TotalTime);
        },
        iter: 30);

    [Theory]
    [InlineData(OperatorKind.HostWork, "nothing says what a host beside it takes")]
    [InlineData(OperatorKind.HostCopy, "nothing says what a host beside it takes")]
    [InlineData(OperatorKind.Quantise, "multiply 16-bit numbers")]
    [InlineData(OperatorKind.Convolution, "the operators of a decoder")]
    public void What_nothing_in_it_can_do_is_refused_with_the_reason(OperatorKind kind, string reason) =>
        Assert.Contains(reason, Refusal(Model.Footprint, Model.Operator(OperatorKind.Add, 0, 1, 1) with { Kind = kind }, 0), StringComparison.Ordinal);

    [Fact]
    public void Integers_are_no_numbers_for_its_multipliers()
    {
        Operator product = Model.Operator(OperatorKind.Gemm, 0, 1, 1);
        Assert.Contains("multiply 16-bit numbers, not Int4", Refusal(Model.Footprint, product with { WeightType = DataType.Int4 }, 0), StringComparison.Ordinal);
        Assert.Contains("the cache is Int8", Refusal(Model.Footprint, Model.Operator(OperatorKind.Attention, 0, 1, 20) with { KvType = DataType.Int8 }, 0), StringComparison.Ordinal);
    }

    private static string Refusal(ModelFootprint footprint, Operator op, int instance) =>
        Assert.Throws<PimSimUserException>(() => PimDevices.New(Memory, footprint).Execute(op, instance, Picoseconds.Zero)).Message;
}
