using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Parallel;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Parallel;

public class CassNatTests
{
    private static readonly CassNat Program = new();
    private static readonly int[] Recording = [.. Enumerable.Range(0, 48).Select(frame => frame * frame % 13)];

    [Theory]
    [InlineData("0 0 1 1 0 1 2 2 0", "1 1 2")]
    [InlineData("3 3 3", "3")]
    [InlineData("0 0 0", "")]
    [InlineData("1 2 1 0 0 1", "1 2 1 1")]
    public void An_alignment_collapses_to_its_text(string labels, string text) => Assert.Equal(Numbers(text), Of(labels).Tokens);

    [Fact]
    public void Random_alignments_collapse_as_the_definition_says_and_their_frames_are_shared_out()
    {
        Random random = new(7);
        for (int round = 0; round < 200; round++)
        {
            int[] labels = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(0, 4))];
            CtcAlignment alignment = new([.. labels]);

            // The definition: merge what repeats, then drop blanks.
            List<int> merged = [];
            foreach (int label in labels)
            {
                if (merged.Count == 0 || merged[^1] != label)
                {
                    merged.Add(label);
                }
            }

            Assert.Equal(merged.Where(label => label != 0), alignment.Tokens);
            Assert.Equal(alignment.Tokens.Length + 1, alignment.Spans.Length);
            for (int frame = 0; frame < labels.Length; frame++)
            {
                int owners = alignment.Spans.Count(span => frame >= span.First && frame <= span.Last);
                Assert.Equal(frame == labels.Length - 1 && alignment.Spans is [.., var before, _] && before.Last == frame ? 2 : 1, owners);
            }

            for (int token = 0; token < alignment.Tokens.Length; token++)
            {
                Assert.Equal(alignment.Tokens[token], labels[alignment.Spans[token].Last]);
                for (int frame = 0; frame < labels.Length; frame++)
                {
                    bool own = frame >= alignment.Spans[token].First && frame <= alignment.Spans[token].Last;
                    Assert.Equal(own, CtcAlignment.Sees(alignment.Spans, token, frame, 0));
                    bool near = frame >= alignment.Spans[Math.Max(0, token - 1)].First && frame <= alignment.Spans[token + 1].Last;
                    Assert.Equal(near, CtcAlignment.Sees(alignment.Spans, token, frame, 1));
                }
            }
        }
    }

    [Fact]
    public void Sure_frames_keep_their_label_and_others_take_one_of_the_two_best()
    {
        int[] best = [5, 1, 0, 2, 3, 0, 4, 0];
        float[] probabilities = [0.95f, 0.02f, 0.5f, 0.4f, 0.6f, 0.3f, 0.92f, 0.01f];
        Assert.Equal([5, 0, 3, 4], CtcAlignment.Sample(best, probabilities, 0.9, null).Labels);
        Assert.Equal([5, 2, 0, 4], CtcAlignment.Sample(best, probabilities, 0.9, () => 0.999).Labels);
        Assert.Equal([5, 0, 3, 4], CtcAlignment.Sample(best, probabilities, 0.9, () => 0.1).Labels);
        Random random = new(1);
        int second = Enumerable.Range(0, 4000).Count(_ => CtcAlignment.Sample(best, probabilities, 0.9, random.NextDouble).Labels[1] == 2);
        Assert.InRange(second / 4000.0, (0.4 / 0.9) - 0.03, (0.4 / 0.9) + 0.03);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void One_pass_of_the_decoder_writes_as_many_tokens_as_the_alignment_that_won_has(long seed)
    {
        List<Step> steps = NetworkRuns.OnCpu(Program, NetworkRuns.Speech(), TechniqueRuns.Request(48, 1, Settings(6), seed: seed), Recording);
        Assert.Equal([Phase.Encode, Phase.Decode, Phase.Verify], steps.Select(step => step.Phase));
        long[] lengths = [.. TechniqueRuns.Decisions(steps, "tokensOfAlignments")];
        int winner = (int)TechniqueRuns.Decisions(steps, "ranked").Single();
        Assert.Equal(6, lengths.Length);
        Assert.Equal(lengths[winner], TechniqueRuns.Committed(steps));
        Assert.Equal(lengths[winner], TechniqueRuns.Text(steps).Count);

        // All tokens of all alignments at once: the self-attention of each layer is run once.
        Operator[] attentions = [.. NetworkRuns.Operators(steps[1]).Where(op => op is { Kind: OperatorKind.Attention, Role: OperatorRole.Attention })];
        Assert.Equal(3, attentions.Length);
        Assert.All(attentions, op => Assert.Equal((6 * (lengths.Max() + 1), 6), (op.Rows, op.Sequences)));
    }

    [Fact]
    public void Each_sequence_sees_what_its_own_mask_says()
    {
        using CpuNetwork network = new(1);
        KeyValues cache = network.CreateKeyValues(new KeyValueShape(1, 2, DataType.Fp32), 2, 3);
        float[] keys = [.. Enumerable.Range(0, 2 * 3 * 4).Select(number => (float)Math.Sin(number))];
        network.Append(network.Input(6, 4, keys), cache);
        float[] queries = [.. Enumerable.Range(0, 2 * 2 * 2).Select(number => (float)Math.Cos(number))];
        CpuTensor result = network.Attend(network.Input(4, 2, queries), 1, cache, AttentionPattern.MaskedEach((sequence, query, token) => token <= sequence + query));
        for (int row = 0; row < 4; row++)
        {
            (int sequence, int query) = (row / 2, row % 2);
            double[] weights = [.. Enumerable.Range(0, Math.Min(3, sequence + query + 1)).Select(token =>
                Math.Exp(Enumerable.Range(0, 2).Sum(channel => queries[(row * 2) + channel] * (double)keys[(((sequence * 3) + token) * 4) + channel]) / Math.Sqrt(2)))];
            for (int channel = 0; channel < 2; channel++)
            {
                double expected = weights.Select((weight, token) => weight * keys[(((sequence * 3) + token) * 4) + 2 + channel]).Sum() / weights.Sum();
                Assert.Equal(expected, result.Row(row)[channel], 1e-5);
            }
        }
    }

    [Fact]
    public void The_frames_that_a_token_sees_decide_what_is_written()
    {
        // Without layers behind the extractor nothing but its own frames reaches a token.
        List<long> Text(int seed, int neighbours) => TechniqueRuns.Text(NetworkRuns.OnCpu(
            Program, NetworkRuns.Speech(("selfLayers", 0), ("mixLayers", 0), ("vocab", 40)), TechniqueRuns.Request(48, 1, Settings(1, ("rank", [0]), ("neighbours", [neighbours])), seed: seed), Recording));
        Assert.Contains(Enumerable.Range(0, 8), seed => !Text(seed, 0).SequenceEqual(Text(seed, 50)));
        Assert.Equal(Text(0, 50), Text(0, 60));
    }

    [Fact]
    public void A_single_alignment_is_the_best_path()
    {
        List<Step> one = NetworkRuns.OnCpu(Program, NetworkRuns.Speech(), TechniqueRuns.Request(48, 1, Settings(1, ("rank", [0])), seed: 3), Recording);
        List<Step> many = NetworkRuns.OnCpu(Program, NetworkRuns.Speech(), TechniqueRuns.Request(48, 1, Settings(5, ("rank", [0]), ("threshold", [0])), seed: 3), Recording);
        long[] lengths = [.. TechniqueRuns.Decisions(many, "tokensOfAlignments")];

        // With a threshold of 0 every frame is sure: all alignments are the best path.
        Assert.All(lengths, length => Assert.Equal(lengths[0], length));
        Assert.Equal(TechniqueRuns.Text(one), TechniqueRuns.Text(many));
    }

    [Fact]
    public void With_and_without_numbers_it_records_the_same_operators()
    {
        List<Step> cpu = NetworkRuns.OnCpu(Program, NetworkRuns.Speech(), TechniqueRuns.Request(48, 1, Settings(3), seed: 1), Recording);
        int tokens = (int)TechniqueRuns.Decisions(cpu, "tokensOfAlignments").Max();
        List<Step> shape = NetworkRuns.OnShape(Program, NetworkRuns.Speech(), TechniqueRuns.Request(48, tokens, Settings(3)));
        Assert.Equal(cpu.SelectMany(NetworkRuns.Operators), shape.SelectMany(NetworkRuns.Operators));
    }

    private static TechniqueSettings Settings(int alignments, params (string Name, double[] Value)[] changes) =>
        TechniqueRuns.Settings("cass-nat", [("alignments", [alignments]), .. changes]);

    private static CtcAlignment Of(string labels) => new([.. Numbers(labels)]);

    private static int[] Numbers(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(number => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture))];
}
