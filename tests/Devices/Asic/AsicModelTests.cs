using CsCheck;
using PimSim.Devices.Asic;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Asic;

public class AsicModelTests
{
    private static readonly AsicConfiguration Round = ShippedAsic.RoundNumbers;

    private static readonly AsicModel Model = new(Round);

    [Fact]
    public void Softmax_of_1024_scores_takes_what_a_pencil_finds()
    {
        // Five stages, issue + depth x 3: (4 + 30) + (40 + 45) + (4 + 30) + (1 + 30) + (8 + 3).
        // Energies of 10^6 aJ an add and 1 aJ a multiply show both counts: 1023 + 10240 + 1023 + 6 and 5120 + 5 + 1024.
        Assert.Equal(new AsicCost(new(195), new(12_292_006_149)), Model.Softmax(1, 1024));
    }

    [Fact]
    public void Streams_take_one_pass_through_the_units()
    {
        Assert.Equal(new AsicCost(new(8 + 3), new(2_048_000_000)), Model.Add(2048));
        Assert.Equal(new AsicCost(new(1 + 3), new(1_000_000)), Model.Add(1));
        Assert.Equal(Model.Add(2048), Model.Accumulate(2048));
        Assert.Equal(Model.Add(2048), Model.Relu(2048));

        // 50,256 comparisons by 256 comparators are 197 cycles; a tree of 16 levels.
        Assert.Equal(new AsicCost(new(197 + 48), new(50_256_000_000)), Model.ArgMax(1, 50_257));

        // 2 multiplies and 1 add for each element; products then sums.
        Assert.Equal(new AsicCost(new(64 + 6), new(4_096_008_192)), Model.Rope(4096));
    }

    [Fact]
    public void What_techniques_do_on_rows_takes_what_a_pencil_finds()
    {
        // 2048 products by 128 multipliers; of three operands the sum after them.
        Assert.Equal(new AsicCost(new(16 + 3), new(2_048)), Model.Elementwise(2048, 2));
        Assert.Equal(Model.Elementwise(2048, 2) + Model.Add(2048), Model.Elementwise(2048, 3));
        Assert.Equal(Model.Add(2048), Model.Elementwise(2048, 1));
        Assert.Equal(Model.Multiply(5 * 100) + Model.Add(4 * 100), Model.Elementwise(100, 5));

        // 1023 comparisons, and 3 x 10 more along the tree; the first of these has nothing to compare with.
        Assert.Equal(1_000_000L * (1023 + 30), (long)Model.TopK(1, 1024, 4).DynamicEnergy.Attojoules);
        Assert.Equal(Model.ArgMax(3, 1024), Model.TopK(3, 1024, 1));

        // SwiGLU is SiLU and a product; a squared ReLU a ReLU and a product.
        Assert.Equal(Model.SwiGlu(1024).DynamicEnergy, Model.CostOf(Activated(ActivationKind.Silu)).DynamicEnergy + Model.Multiply(1024).DynamicEnergy);
        Assert.Equal(Model.Relu(1024).DynamicEnergy + Model.Multiply(1024).DynamicEnergy, Model.CostOf(Activated(ActivationKind.SquaredRelu)).DynamicEnergy);
        Assert.True(Model.CostOf(Activated(ActivationKind.Sigmoid)).DynamicEnergy.Attojoules < Model.CostOf(Activated(ActivationKind.Silu)).DynamicEnergy.Attojoules);
        Assert.True(Model.CostOf(Activated(ActivationKind.Tanh)).Cycles.Value > 0);

        static Operator Activated(ActivationKind kind) => new() { Kind = OperatorKind.Activation, Role = OperatorRole.DraftHead, Phase = Phase.Draft, Rows = 2, Outputs = 512, Activation = kind };
    }

    [Fact]
    public void Rows_that_fit_the_sram_together_share_the_filling_of_the_pipeline()
    {
        // 4 KiB for input and output of 1024 scores: 32 rows fit 128 KiB.
        long together = (128 + 30) + (1280 + 45) + (128 + 30) + (2 + 30) + (256 + 3);

        Assert.Equal(together, Model.Softmax(32, 1024).Cycles.Value);
        Assert.Equal(together + Model.Softmax(1, 1024).Cycles.Value, Model.Softmax(33, 1024).Cycles.Value);
        Assert.Equal(3 * together, Model.Softmax(96, 1024).Cycles.Value);
    }

    [Fact]
    public void Energy_of_rows_is_the_sum_of_single_rows() =>
        Gen.Select(Gen.Int[1, 500], Gen.Int[1, 4000]).Sample((rows, length) =>
        {
            Assert.Equal(Model.Softmax(1, length).DynamicEnergy * rows, Model.Softmax(rows, length).DynamicEnergy);
            Assert.Equal(Model.LayerNorm(1, length).DynamicEnergy * rows, Model.LayerNorm(rows, length).DynamicEnergy);
            Assert.Equal(Model.RmsNorm(1, length).DynamicEnergy * rows, Model.RmsNorm(rows, length).DynamicEnergy);
        });

    [Fact]
    public void No_function_is_faster_than_its_units_or_slower_than_row_by_row() =>
        Gen.Select(Gen.Int[1, 64], Gen.Int[1, 64], Gen.Int[1, 10], Gen.Int[1, 100], Gen.Int[1, 2000]).Sample(
            (adders, multipliers, latency, rows, length) =>
            {
                // An energy of 2^64 aJ an add keeps the counts of adds and multiplies apart.
                Energy apart = new(Int128.One << 64);
                AsicModel model = new(Round with { Adders = adders, Multipliers = multipliers, UnitLatency = latency, AddEnergy = apart });
                AsicCost cost = model.LayerNorm(rows, length);
                Int128 adds = cost.DynamicEnergy.Attojoules >> 64;
                Int128 multiplies = cost.DynamicEnergy.Attojoules & ulong.MaxValue;

                Assert.True(cost.Cycles.Value * adders >= adds);
                Assert.True(cost.Cycles.Value * multipliers >= multiplies);
                Assert.True(cost.Cycles.Value <= rows * model.LayerNorm(1, length).Cycles.Value);
            },
            iter: 300);

    [Fact]
    public void More_terms_cost_more()
    {
        AsicModel more = new(Round with { Precision = new(4, 3, 2) });

        Assert.True(more.Softmax(1, 1024).Cycles.Value > Model.Softmax(1, 1024).Cycles.Value);
        Assert.True(more.RmsNorm(1, 1024).Cycles.Value > Model.RmsNorm(1, 1024).Cycles.Value);
        Assert.True(more.Gelu(1024).DynamicEnergy.Attojoules > Model.Gelu(1024).DynamicEnergy.Attojoules);
    }

    [Fact]
    public void A_row_is_accepted_up_to_the_sram_and_refused_beyond()
    {
        Assert.True(Model.Softmax(3, 32_768).Cycles.Value > 0);

        PimSimUserException softmax = Assert.Throws<PimSimUserException>(() => Model.Softmax(1, 32_769));
        Assert.Contains("131076", softmax.Message, StringComparison.Ordinal);
        Assert.Contains("131072", softmax.Message, StringComparison.Ordinal);
        Assert.Throws<PimSimUserException>(() => Model.LayerNorm(1, 32_769));
        Assert.Throws<PimSimUserException>(() => Model.RmsNorm(1, 32_769));
        Assert.True(Model.Add(1L << 40).Cycles.Value > 0);
        Assert.True(Model.ArgMax(1, 1 << 20).Cycles.Value > 0);
    }

    [Fact]
    public void Nothing_costs_nothing()
    {
        Assert.Equal(default, Model.Softmax(0, 1024));
        Assert.Equal(default, Model.LayerNorm(4, 0));
        Assert.Equal(default, Model.Gelu(0));
        Assert.Equal(default, Model.ArgMax(0, 5));
    }

    [Fact]
    public void An_operator_costs_what_its_function_costs()
    {
        Assert.Equal(Model.LayerNorm(3, 768), Model.CostOf(Op(OperatorKind.Norm) with { Norm = NormKind.LayerNorm, Inputs = 768 }));
        Assert.Equal(Model.RmsNorm(3, 768), Model.CostOf(Op(OperatorKind.Norm) with { Norm = NormKind.RmsNorm, Inputs = 768 }));
        Assert.Equal(Model.Gelu(3 * 3072), Model.CostOf(Op(OperatorKind.Activation) with { Activation = ActivationKind.Gelu, Outputs = 3072 }));
        Assert.Equal(Model.Relu(3 * 3072), Model.CostOf(Op(OperatorKind.Activation) with { Activation = ActivationKind.Relu, Outputs = 3072 }));
        Assert.Equal(Model.SwiGlu(3 * 3072), Model.CostOf(Op(OperatorKind.Activation) with { Activation = ActivationKind.SwiGlu, Outputs = 3072 }));
        Assert.Equal(Model.GeGlu(3 * 3072), Model.CostOf(Op(OperatorKind.Activation) with { Activation = ActivationKind.GeGlu, Outputs = 3072 }));
        Assert.Equal(Model.Add(3 * 768), Model.CostOf(Op(OperatorKind.Add) with { Outputs = 768 }));
        Assert.Equal(Model.Rope(3 * 40 * 128), Model.CostOf(Op(OperatorKind.Rope) with { Heads = 32, KvHeads = 8, HeadDim = 128 }));
        Assert.Equal(Model.ArgMax(3, 50_257), Model.CostOf(Op(OperatorKind.Sample) with { Inputs = 50_257 }));
        Assert.Throws<ArgumentException>(() => Model.CostOf(Op(OperatorKind.Gemm)));
        Assert.Throws<ArgumentException>(() => Model.CostOf(Op(OperatorKind.Norm)));
    }

    [Fact]
    public void A_cost_allocates_nothing()
    {
        Operator norm = Op(OperatorKind.Norm) with { Norm = NormKind.LayerNorm, Inputs = 768 };
        long cycles = Model.CostOf(norm).Cycles.Value + Model.Softmax(16, 1024).Cycles.Value;
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 1; i < 10_000; i++)
            {
                cycles += Model.CostOf(norm).Cycles.Value + Model.Softmax(16, i).Cycles.Value + Model.Add(i).Cycles.Value;
            }
        }));
        Assert.True(cycles > 0);
    }

    private static Operator Op(OperatorKind kind) => new() { Kind = kind, Role = OperatorRole.Residual, Phase = Phase.Decode, Rows = 3 };
}
