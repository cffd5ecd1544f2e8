using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Layers;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Layers;

public class BlockTransformerTests
{
    private static readonly NetworkShape Small = new(
        "small-block",
        "block-transformer",
        new Dictionary<string, int>
        {
            ["blockLayers"] = 2,
            ["tokenLayers"] = 3,
            ["hidden"] = 32,
            ["heads"] = 4,
            ["vocab"] = 50,
            ["blockLength"] = 4,
            ["prefixRows"] = 2,
        }.ToImmutableSortedDictionary(StringComparer.Ordinal),
        DataType.Fp32,
        DataType.Fp32,
        DataType.Fp32);

    private static readonly int[] Prompt = [7, 3, 11, 29, 1, 2, 30, 4];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_block_depends_on_the_tokens_before_it_and_on_nothing_else(long seed)
    {
        List<long> text = Text(Prompt, 18, seed, 1);
        Assert.Equal(18, text.Count);
        for (int blocks = 1; blocks < 4; blocks++)
        {
            // From the start, with what was written so far as the prompt: what the token decoder had in mind has no influence.
            int[] longer = [.. Prompt, .. text.Take(4 * blocks).Select(token => (int)token)];
            Assert.Equal(text.Skip(4 * blocks), Text(longer, 18 - (4 * blocks), seed, 1));
        }

        // Another sequence beside it changes nothing.
        int[] other = [.. Prompt.Reverse()];
        List<long> both = Text([.. Prompt, .. other], 6, seed, 2);
        Assert.Equal(text.Take(6), both.Where((_, index) => index % 2 == 0));
        Assert.Equal(Text(other, 6, seed, 1), both.Where((_, index) => index % 2 == 1));
    }

    [Theory]
    [InlineData("block-302m", "vanilla-302m")]
    [InlineData("block-85m", "vanilla-85m")]
    [InlineData("block-19m", "vanilla-19m")]
    public void The_cache_is_an_eighth_and_so_is_the_work_on_a_prompt(string block, string vanilla)
    {
        GenerationRequest request = new(2048, 128, 1);
        List<Step> steps = [.. new GenerationSource(NetworkZoo.Shipped.Shape(block), new BlockTransformer(), request).Steps()];
        List<Step> plain = [.. new GenerationSource(new ModelZoo([ModelZoo.ShippedFolder]).Shape(vanilla), new Autoregressive(), request).Steps()];
        Assert.Equal(128, TechniqueRuns.Committed(steps));
        Assert.Equal(32 * 5, steps.Count);

        // Products of the prompt, logits apart: a quarter of the rows, half of the layers. Attention sees pairs of blocks: a sixteenth, times a half.
        static long Products(Step step) => Flops(step, op => op.Kind == OperatorKind.Gemm && op.Role != OperatorRole.LmHead);
        Assert.Equal(8 * Products(steps[0]), Products(plain[0]));
        Assert.Equal(32.0, (double)Flops(plain[0], op => op.Kind == OperatorKind.Attention) / Flops(steps[0], op => op.Kind == OperatorKind.Attention), 0.05);

        // The last block and the last token never enter.
        Assert.Equal((2048 + 128 - 4) * 2L, Written(steps.Where((_, index) => index % 5 == 0)) * 16 / (Written(plain) / (2048 + 127)));
    }

    [Fact]
    public void A_block_costs_a_row_of_the_block_decoder_and_five_of_the_token_decoder()
    {
        const int width = 1024;
        List<Step> steps = [.. new GenerationSource(NetworkZoo.Shipped.Shape("block-302m"), new BlockTransformer(), new GenerationRequest(128, 64, 3)).Steps()];
        for (int block = 1; block < 16; block++)
        {
            Step[] own = [.. steps.Skip(5 * block).Take(5)];
            Assert.Equal([0, 3, 3, 3, 3], own.Select(step => step.CommittedTokens));

            // 12 D^2 multiply-adds a row and layer; the context becomes two rows, which begin the block.
            Assert.Equal(
                [2L * 3 * 12 * 12 * width * width, 2L * 3 * ((2 * 12 * 12) + 2) * width * width, 2L * 3 * 12 * 12 * width * width, 2L * 3 * 12 * 12 * width * width, 2L * 3 * 12 * 12 * width * width],
                own.Select(step => Flops(step, op => op.Kind == OperatorKind.Gemm && op.Role != OperatorRole.LmHead) - Biases(step)));
            Assert.Equal([0, 1, 1, 1, 1], own.Select(step => step.Blocks.Sum(item => item.Repeat * item.Operators.Count(op => op.Role == OperatorRole.LmHead && op.Rows == 3))));

            // The block decoder reads 2 x 12 x D numbers of each block so far, the token decoder what stands in this block.
            Assert.Equal(2L * 12 * width * 2 * 3 * (32 + block), own[0].Cost().KvReadBytes);
            Assert.Equal([2, 3, 4, 5], own[1..].Select(step => step.Blocks.SelectMany(item => item.Operators).First(op => op.Kind == OperatorKind.Attention).Context));
        }
    }

    [Theory]
    [InlineData("block-5m", 5e6)]
    [InlineData("block-19m", 19e6)]
    [InlineData("block-85m", 85e6)]
    [InlineData("block-302m", 302e6)]
    [InlineData("block-805m", 805e6)]
    [InlineData("block-1.2b", 1.2e9)]
    public void The_layers_have_the_published_parameters(string name, double published)
    {
        NetworkShape shape = NetworkZoo.Shipped.Shape(name);
        ModelFootprint footprint = new GenerationSource(shape, new BlockTransformer(), new GenerationRequest(4, 4, 1)).Footprint;
        long words = (long)shape["vocab"] * shape["hidden"];
        double layers = footprint.Parameters - (2.25 * words);

        // The name counts layers; the projection of the context (2 D^2) is in it or not.
        Assert.InRange(layers / published, 0.93, 1.05);
    }

    [Fact]
    public void The_operators_do_not_depend_on_data()
    {
        GenerationRequest request = new(8, 10, 2);
        List<Step> shape = [.. new GenerationSource(Small, new BlockTransformer(), request).Steps()];
        Assert.Equal(shape.Select(Operators), OnCpu([.. Prompt, .. Prompt], 10, 0, 2).Select(Operators));
        Assert.Throws<PimSimUserException>(() => new GenerationSource(Small, new BlockTransformer(), new GenerationRequest(7, 4, 1)));
    }

    private static string Operators(Step step) => string.Join(';', step.Blocks.Select(block => $"{block.Repeat} x {string.Join(',', block.Operators)}"));

    private static long Flops(Step step, Func<Operator, bool> which) => step.Blocks.Sum(block => block.Repeat * block.Operators.Where(which).Sum(op => OperatorCost.Of(op).Flops));

    private static long Biases(Step step) => step.Blocks.Sum(block => block.Repeat * block.Operators
        .Where(op => op.Kind == OperatorKind.Gemm && op.Bias).Sum(op => OperatorCost.Of(op).Flops - OperatorCost.Of(op with { Bias = false }).Flops));

    private static long Written(IEnumerable<Step> steps) => steps.Sum(step => step.Cost().KvWriteBytes);

    private static List<long> Text(int[] prompt, int tokens, long seed, int sequences) => TechniqueRuns.Text(OnCpu(prompt, tokens, seed, sequences));

    private static List<Step> OnCpu(int[] prompt, int tokens, long seed, int sequences)
    {
        using CpuNetwork network = new(1);
        EngineSession<CpuTensor> session = new(network, Small, seed: seed);
        return [.. new BlockTransformer().Run(session, new GenerationRequest(prompt.Length / sequences, tokens, sequences), prompt)];
    }
}
