using System.Collections.Immutable;
using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Parallelism;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Workloads.Tests.Parallelism;

/// <summary>What the parts of all devices add up to, over random models, prompts and numbers of devices.</summary>
public class TensorParallelismTests
{
    private static readonly Gen<(SharedModel Shared, GenerationRequest Request)> Cases = Gen.Select(
        SharedModel.Any, Gen.Select(Gen.Int[1, 12], Gen.Int[1, 3], Gen.Int[1, 3]).Select((prompt, tokens, sequences) => new GenerationRequest(prompt, tokens, sequences)));

    private static readonly OperatorRole[] ByAll =
        [OperatorRole.Embedding, OperatorRole.AttentionNorm, OperatorRole.FfnNorm, OperatorRole.FinalNorm, OperatorRole.Residual, OperatorRole.Sample];

    [Fact]
    public void One_device_has_the_whole() => Cases.Sample((shared, request) =>
    {
        GenerationSource whole = Whole(shared, request);
        IStepSource part = new TensorParallelism(shared.Model, 1).Shard(whole);
        Assert.Equal(whole.Footprint, part.Footprint);
        Assert.Equal(whole.Steps(), part.Steps());
    });

    /// <summary>
    /// Products and attention add up exactly but for three things: copied key/value heads, padding of the vocabulary, and the biases of the products
    /// cut by rows, which every part counts.
    /// </summary>
    [Fact]
    public void Parts_add_up_to_the_whole_and_what_is_done_more_than_once() => Cases.Sample((shared, request) =>
    {
        ModelShape model = shared.Model;
        long n = shared.Ranks;
        foreach ((Step whole, Step part) in Pairs(shared, request))
        {
            long tokens = whole.Blocks[0].Operators[0].Rows;
            long logits = whole.Blocks[^1].Operators.First(op => op.Role == OperatorRole.LmHead).Rows;
            long extra = shared.CopiedKvColumns;
            long layers = model.Layers;
            bool rowBias = model.Biases == BiasKind.All;
            long columnBias = model.Biases == BiasKind.None ? 0 : 1;

            Surplus(OperatorRole.QkvProjection, layers * tokens * extra * ((2L * model.Hidden) + columnBias), layers * extra * (model.Hidden + columnBias));
            Surplus(OperatorRole.OutputProjection, rowBias ? layers * (n - 1) * tokens * model.Hidden : 0, rowBias ? layers * (n - 1) * model.Hidden : 0);
            Surplus(OperatorRole.FfnDown, rowBias ? layers * (n - 1) * tokens * model.Hidden : 0, rowBias ? layers * (n - 1) * model.Hidden : 0);
            Surplus(OperatorRole.FfnUp, 0, 0);
            Surplus(OperatorRole.FfnActivation, 0, 0);
            Surplus(OperatorRole.Attention, 0, 0);
            Surplus(OperatorRole.LmHead, 2L * logits * model.Hidden * shared.PaddedVocab, (long)model.Hidden * shared.PaddedVocab);
            Surplus(OperatorRole.Rope, model.Position == PositionKind.Rotary ? layers * 3 * tokens * (extra / 2) : 0, 0);
            Assert.Equal(CostOf(whole, OperatorRole.Attention).KvReadBytes * shared.KvCopies, n * CostOf(part, OperatorRole.Attention).KvReadBytes);
            Assert.Equal(CostOf(whole, OperatorRole.KvAppend).KvWriteBytes * shared.KvCopies, n * CostOf(part, OperatorRole.KvAppend).KvWriteBytes);
            Assert.All(ByAll, role => Assert.Equal(CostOf(whole, role), CostOf(part, role)));

            void Surplus(OperatorRole role, long flops, long weights)
            {
                OperatorCost all = CostOf(whole, role);
                OperatorCost one = CostOf(part, role);
                Assert.Equal((role, all.Flops + flops), (role, n * one.Flops));
                Assert.Equal((role, all.WeightBytes + model.WeightType.Bytes(weights)), (role, n * one.WeightBytes));
            }
        }
    });

    [Fact]
    public void Without_exchanges_a_part_has_the_operators_of_the_whole_in_their_order() => Cases.Sample((shared, request) =>
    {
        foreach ((Step whole, Step part) in Pairs(shared, request))
        {
            Assert.Equal((whole.Index, whole.Phase, whole.CommittedTokens), (part.Index, part.Phase, part.CommittedTokens));
            Assert.Equal(whole.Blocks.Select(block => block.Repeat), part.Blocks.Select(block => block.Repeat));
            Assert.Equal(
                whole.Blocks.SelectMany(block => block.Operators).Select(op => (op.Kind, op.Role, op.Rows, op.Context)),
                part.Blocks.SelectMany(block => block.Operators).Where(op => op.Kind != OperatorKind.Collective).Select(op => (op.Kind, op.Role, op.Rows, op.Context)));
        }
    });

    /// <summary>Between layers activations are as wide as ever; inside, each operator takes what the one before gives.</summary>
    [Fact]
    public void Widths_fit_together() => Cases.Sample((shared, request) =>
    {
        ModelShape model = shared.Model;
        foreach (Step part in Pairs(shared, request).Select(pair => pair.Part))
        {
            ImmutableArray<Operator> layer = part.Blocks.First(block => block.Operators.Any(op => op.Role == OperatorRole.Attention)).Operators;
            Operator attention = One(OperatorRole.Attention);
            Assert.Equal((attention.Heads + (2 * attention.KvHeads)) * attention.HeadDim, One(OperatorRole.QkvProjection).Outputs);
            Assert.Equal(attention.Heads * attention.HeadDim, One(OperatorRole.OutputProjection).Inputs);
            Assert.Equal(0, attention.Heads % attention.KvHeads);
            Assert.Equal(model.Gated ? 2 * One(OperatorRole.FfnActivation).Outputs : One(OperatorRole.FfnActivation).Outputs, One(OperatorRole.FfnUp).Outputs);
            Assert.Equal(One(OperatorRole.FfnActivation).Outputs, One(OperatorRole.FfnDown).Inputs);
            Assert.All([One(OperatorRole.OutputProjection).Outputs, One(OperatorRole.FfnDown).Outputs, One(OperatorRole.QkvProjection).Inputs, One(OperatorRole.FfnUp).Inputs], width => Assert.Equal(model.Hidden, width));

            Operator One(OperatorRole role) => layer.Single(op => op.Role == role);
        }
    });

    /// <summary>
    /// Megatron's exchanges, each right after the operator whose sums it completes. With a parallel residual the two partial sums could be added
    /// before one reduction, as GPT-NeoX trains; here they are reduced apart.
    /// </summary>
    [Fact]
    public void Devices_exchange_the_embedding_two_sums_a_layer_and_the_logits() => Cases.Where(one => one.Shared.Ranks > 1).Sample((shared, request) =>
    {
        ModelShape model = shared.Model;
        foreach (Step part in Pairs(shared, request).Select(pair => pair.Part))
        {
            int tokens = part.Blocks[0].Operators[0].Rows;
            List<(OperatorRole After, CollectiveKind Kind, int Rows, int Width)> exchanges = [];
            foreach (StepBlock block in part.Blocks)
            {
                for (int i = 0; i < block.Operators.Length * block.Repeat; i++)
                {
                    Operator op = block.Operators[i % block.Operators.Length];
                    if (op.Kind == OperatorKind.Collective)
                    {
                        Assert.Equal((shared.Ranks, model.ActivationType, part.Phase), (op.Ranks, op.ActivationType, op.Phase));
                        exchanges.Add((block.Operators[(i % block.Operators.Length) - 1].Role, op.Collective, op.Rows, op.Outputs));
                    }
                }
            }

            (OperatorRole, CollectiveKind, int, int)[] layer =
                [(OperatorRole.OutputProjection, CollectiveKind.AllReduce, tokens, model.Hidden), (OperatorRole.FfnDown, CollectiveKind.AllReduce, tokens, model.Hidden)];
            Assert.Equal(
                [
                    (OperatorRole.Embedding, CollectiveKind.AllReduce, tokens, model.Hidden),
                    .. Enumerable.Repeat(layer, model.Layers).SelectMany(pair => pair),
                    (OperatorRole.LmHead, CollectiveKind.AllGather, request.Sequences, model.Vocab + shared.PaddedVocab),
                ],
                exchanges);
        }
    });

    [Fact]
    public void Footprints_of_all_devices_cover_the_model_and_what_they_hold_more_than_once() => Cases.Sample((shared, request) =>
    {
        ModelShape model = shared.Model;
        ModelFootprint whole = Whole(shared, request).Footprint;
        ModelFootprint part = new TensorParallelism(model, shared.Ranks).Shard(whole);
        long others = shared.Ranks - 1;
        long norms = ((2L * model.Layers) + 1) * (model.Norm == NormKind.LayerNorm ? 2 : 1);
        long positions = model.Position == PositionKind.Learned ? model.MaxPositions : 0;
        long copiedKv = (long)model.Layers * shared.CopiedKvColumns * (model.Hidden + (model.Biases == BiasKind.None ? 0 : 1));
        long rowBiases = model.Biases == BiasKind.All ? 2L * model.Layers * model.Hidden * others : 0;
        long padding = (long)shared.PaddedVocab * model.Hidden * (model.Tied ? 1 : 2);
        long surplus = copiedKv + rowBiases + padding + (others * (norms + positions) * model.Hidden);
        Assert.Equal(whole.Parameters + surplus, shared.Ranks * part.Parameters);
        Assert.Equal(whole.KvBytes * shared.KvCopies, shared.Ranks * part.KvBytes);
        Assert.Equal(shared.Ranks, part.Ranks);
        Assert.Equal((whole.Model, whole.ReservedContext, whole.Sequences, whole.Layers), (part.Model, part.ReservedContext, part.Sequences, part.Layers));
    });

    /// <summary>Both are cut apart from each other: what a step's products read is what is held for them.</summary>
    [Fact]
    public void The_products_of_a_part_read_the_matrices_of_its_footprint() => Cases.Sample((shared, request) =>
    {
        IStepSource source = new TensorParallelism(shared.Model, shared.Ranks).Shard(Whole(shared, request));
        long held = source.Footprint.WeightType.Bytes(source.Footprint.Matrices.Sum(matrix => ((long)matrix.Inputs + (matrix.Bias ? 1 : 0)) * matrix.Outputs * matrix.Instances));
        foreach (Step step in source.Steps())
        {
            Assert.Equal(held, step.Blocks.Sum(block => block.Repeat * block.Operators.Where(op => op.Kind == OperatorKind.Gemm).Sum(op => OperatorCost.Of(op).WeightBytes)));
        }
    });

    [Theory]
    [InlineData(6, 6, 24, 4, "6 heads")]
    [InlineData(12, 3, 24, 4, "3 key/value heads")]
    [InlineData(12, 6, 24, 4, "6 key/value heads")]
    [InlineData(8, 2, 30, 4, "30 channels")]
    public void What_does_not_divide_is_named(int heads, int kvHeads, int ffn, int ranks, string expected)
    {
        ModelShape model = new ModelZoo([ModelZoo.ShippedFolder]).Shape("llama-3.2-1b") with { Name = "odd", Heads = heads, KvHeads = kvHeads, Ffn = ffn };
        string message = Assert.Throws<PimSimUserException>(() => new TensorParallelism(model, ranks)).Message;
        Assert.Contains($"'odd' cannot be shared out over {ranks} devices", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_operator_of_no_decoder_is_refused_not_passed_on_whole()
    {
        ModelShape model = new ModelZoo([ModelZoo.ShippedFolder]).Shape("llama-3.2-1b");
        Operator quantise = new() { Kind = OperatorKind.Quantise, Role = OperatorRole.Quant, Phase = Phase.Decode, Rows = 1, Inputs = 64, Group = 64 };
        Step step = new(0, Phase.Decode, [new StepBlock([quantise], 1)], 1);
        Assert.Contains("decoder only", Assert.Throws<PimSimUserException>(() => new TensorParallelism(model, 2).Shard(step)).Message, StringComparison.Ordinal);
        Assert.Same(step, new TensorParallelism(model, 1).Shard(step));
        ModelFootprint footprint = model.Footprint(8, 1);
        WeightMatrix strange = footprint.Matrices[0] with { Role = OperatorRole.CrossQueryProjection };
        Assert.Contains("CrossQueryProjection", Assert.Throws<PimSimUserException>(() => new TensorParallelism(model, 2).Shard(footprint with { Matrices = [strange] })).Message, StringComparison.Ordinal);
    }

    private static GenerationSource Whole(SharedModel shared, GenerationRequest request) => new(shared.Model, new Autoregressive(), request);

    private static IEnumerable<(Step Whole, Step Part)> Pairs(SharedModel shared, GenerationRequest request)
    {
        GenerationSource whole = Whole(shared, request);
        return whole.Steps().Zip(new TensorParallelism(shared.Model, shared.Ranks).Shard(whole).Steps());
    }

    private static OperatorCost CostOf(Step step, OperatorRole role)
    {
        OperatorCost cost = default;
        foreach (StepBlock block in step.Blocks)
        {
            foreach (Operator op in block.Operators.Where(op => op.Role == role))
            {
                cost += OperatorCost.Of(op) * block.Repeat;
            }
        }

        return cost;
    }
}
