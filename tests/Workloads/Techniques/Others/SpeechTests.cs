using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Others;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Others;

public class SpeechTests
{
    private static readonly SpeechAutoregressive Program = new();
    private static readonly NetworkZoo Zoo = new([NetworkZoo.ShippedFolder]);
    private static readonly int[] Recording = [.. Enumerable.Range(0, 32).Select(frame => frame * frame % 11)];

    [Theory]
    [InlineData("canary-1b", "canary")]
    [InlineData("canary-1b-flash", "canary")]
    [InlineData("canary-180m-flash", "canary")]
    [InlineData("whisper-large-v3", "whisper")]
    [InlineData("whisper-large-v3-turbo", "whisper")]
    [InlineData("llada-moe-7b-a1b", "dinfer")]
    public void Networks_have_their_published_parameters_to_3_percent(string name, string technique)
    {
        ProblemList problems = new();
        NetworkEntry entry = Zoo.Read(name, problems);
        problems.ThrowIfAny();
        TechniqueEntry program = TechniqueCatalogue.Shipped.Get(technique);
        GenerationSource source = new(entry.Shape, program.Program, TechniqueRuns.Request(16, 1, program.Settings));
        Assert.InRange(source.Footprint.Parameters / (double)entry.PublishedParameters!, 0.97, 1.03);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 4)]
    [InlineData(4, 2)]
    [InlineData(6, 0)]
    public void What_is_kept_changes_nothing_of_the_text(long seed, int positions)
    {
        List<long> Text(int memory) => TechniqueRuns.Text(NetworkRuns.OnCpu(
            Program, NetworkRuns.Speech(("positions", 20 * positions), ("decoderHidden", 24), ("vocab", 60)), Request(12, seed, 1, ("memory", [memory]), ("taskTokens", [3])), Recording));
        Assert.Equal(12, Text(0).Count);
        Assert.Equal(Text(0), Text(1));
        Assert.Equal(Text(0), Text(2));
        Assert.True(Text(0).Distinct().Count() > 1, "one token alone says little");
    }

    [Fact]
    public void Several_recordings_at_once_get_the_text_of_each()
    {
        int[] other = [.. Recording.Select(id => (id * 3) + 1)];
        NetworkShape shape = NetworkRuns.Speech();
        foreach (int memory in new[] { 0, 1, 2 })
        {
            GenerationRequest two = new(32, 8, 2) { Settings = Request(8, 5, 1, ("memory", [memory])).Settings, Seed = 5 };
            List<long> both = TechniqueRuns.Text(NetworkRuns.OnCpu(Program, shape, two, [.. Recording, .. other]));
            Assert.Equal(TechniqueRuns.Text(NetworkRuns.OnCpu(Program, shape, Request(8, 5, 1, ("memory", [memory])), Recording)), both.Where((_, place) => place % 2 == 0));
            Assert.Equal(TechniqueRuns.Text(NetworkRuns.OnCpu(Program, shape, Request(8, 5, 1, ("memory", [memory])), other)), both.Where((_, place) => place % 2 == 1));
        }
    }

    [Fact]
    public void Keys_and_values_of_a_recording_are_made_once_unless_the_decoder_keeps_none()
    {
        int[] Made(int memory) => [.. NetworkRuns.OnShape(Program, NetworkRuns.Speech(), Request(4, 0, 1, ("memory", [memory])))
            .Select(step => NetworkRuns.Operators(step).Count(op => op.Role == OperatorRole.CrossKvProjection))];
        Assert.Equal([2, 0, 0, 0, 0], Made(0));
        Assert.Equal([0, 2, 2, 2, 2], Made(1));
        Assert.Equal([0, 2, 2, 2, 2], Made(2));
    }

    [Fact]
    public void Products_follow_the_closed_forms_of_the_sheet()
    {
        // 24 d^2 per frame and layer of a Conformer (8 + 8 for its networks, 5 for attention, 3 for the convolution), without biases; 14 d^2 per token of the
        // decoder and 2 d^2 per frame once.
        const long D = 16;
        const int Frames = 8;
        List<Step> steps = NetworkRuns.OnShape(Program, NetworkRuns.Speech(), Request(3, 0, 1, ("memory", [0])));
        OperatorRole[] decoder = [OperatorRole.CrossKvProjection];
        static long Products(IEnumerable<Operator> operators) => operators.Where(op => op.Kind == OperatorKind.Gemm && op.Role != OperatorRole.LmHead).Sum(op => (long)op.Rows * op.Inputs * op.Outputs);
        Assert.Equal(2 * 24 * D * D * Frames, Products(NetworkRuns.Operators(steps[0]).Where(op => !decoder.Contains(op.Role))));
        Assert.Equal(2 * 2 * D * D * Frames, Products(NetworkRuns.Operators(steps[0]).Where(op => decoder.Contains(op.Role))));
        Assert.All(steps.Skip(1), step => Assert.Equal(2 * 14 * D * D, Products(NetworkRuns.Operators(step))));

        // A 3 x 3 convolution of stride 2 from 1 to 4 channels over 32 frames of 8 bands, then from 4 to 4; then 2 bands of 4 to 16.
        long[] convolutions = [.. NetworkRuns.Operators(steps[0]).Where(op => op.Kind == OperatorKind.Convolution).Select(op => OperatorCost.Of(op).Flops)];
        Assert.Equal(3, convolutions.Length);
        Assert.InRange(convolutions[0], 0.97 * ((16 * 4 * 4 * 2 * 9) + (16 * 4 * 4)), (16 * 4 * 4 * 2 * 9) + (16 * 4 * 4));
        Assert.InRange(convolutions[1], 0.9 * ((8 * 2 * 4 * 2 * 9 * 4) + (8 * 2 * 4)), (8 * 2 * 4 * 2 * 9 * 4) + (8 * 2 * 4));
        Assert.Equal((8 * 16 * 2 * 2 * 4) + (8 * 16), convolutions[2]);
    }

    [Fact]
    public void The_decoder_of_Canary_1B_streams_403_million_weights_and_that_of_flash_67()
    {
        long Streamed(string name) => NetworkRuns.Operators(NetworkRuns.OnShape(Program, Zoo.Shape(name), Request(2, 0, 1, ("memory", [0])))[^1])
            .Where(op => op.Kind == OperatorKind.Gemm && op.Role != OperatorRole.LmHead).Sum(op => (long)op.Inputs * op.Outputs);

        // 16 d^2 a layer, of which 2 d^2 are used once per recording.
        Assert.Equal(24L * 14 * 1024 * 1024, Streamed("canary-1b"));
        Assert.Equal(4L * 14 * 1024 * 1024, Streamed("canary-1b-flash"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Prefix_scores_are_the_sums_over_all_alignments(int seed)
    {
        Random random = new(seed);
        float[][] frames = [.. Enumerable.Range(0, 5).Select(_ => Normalised([.. Enumerable.Range(0, 3).Select(_ => random.NextSingle() + 0.05f)]))];
        CtcPrefixScore score = new(frames);
        foreach (int[] prefix in new int[][] { [1], [2], [1, 2], [1, 1], [2, 1, 2], [1, 1, 1] })
        {
            CtcPrefixScore.State state = score.Empty;
            double probability = 1;
            int last = 0;
            foreach (int token in prefix)
            {
                (state, probability) = score.Extend(state, last, token);
                last = token;
            }

            Assert.Equal(BruteForce(frames, prefix), probability, 1e-6);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.4)]
    public void A_beam_runs_the_whole_text_of_every_hypothesis(double ctcWeight)
    {
        List<Step> steps = NetworkRuns.OnCpu(Program, NetworkRuns.Speech(), Request(4, 2, 1, ("beam", [7]), ("memory", [2]), ("ctcWeight", [ctcWeight])), Recording);
        Assert.Equal(4, TechniqueRuns.Committed(steps));
        Assert.Equal(4, TechniqueRuns.Text(steps).Count);
        Assert.True(ctcWeight == 0 || !TechniqueRuns.Text(steps).Contains(0));
        for (int step = 1; step < steps.Count; step++)
        {
            int rows = NetworkRuns.Operators(steps[step]).First(op => op.Role == OperatorRole.LmHead).Rows;
            Assert.InRange(rows, step == 1 ? 1 : 6, step == 1 ? 1 : 7);
            Assert.Equal(rows * step, NetworkRuns.Operators(steps[step]).First(op => op.Kind == OperatorKind.Embedding).Rows);

            // The recursion of CTC goes over all frames from the length of the text on, ten kernels each; three a hypothesis before.
            int passes = NetworkRuns.Operators(steps[step]).Count(op => op is { Kind: OperatorKind.Elementwise, Inputs: 1, Role: OperatorRole.Other });
            Assert.Equal(ctcWeight == 0 ? 0 : (10 * (8 - Math.Max(1, step - 1))) + (3 * rows), passes);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_beam_as_wide_as_the_vocabulary_finds_the_likeliest_text_of_two_tokens(long seed)
    {
        NetworkShape shape = NetworkRuns.Speech();
        List<Step> steps = NetworkRuns.OnCpu(Program, shape, Request(2, seed, 1, ("beam", [7]), ("memory", [2])), Recording);
        using CpuNetwork network = new(1);
        EngineSession<CpuTensor> session = new(network, shape, seed: seed);
        SpeechEncoder<CpuTensor> encoder = new(session, shape, 1, 32);
        SpeechDecoder<CpuTensor> decoder = new(session, shape, SpeechMemory.Text);
        session.Begin(Phase.Encode);
        Recorded<CpuTensor> encoded = encoder.Forward(Recording);
        double best = double.NegativeInfinity;
        int[] likeliest = [];
        foreach (int first in Enumerable.Range(0, 7))
        {
            decoder.Read(encoded, 1, 4);
            Recorded<CpuTensor> probabilities = session.Network.Softmax(decoder.Forward([0, first], all: true), OperatorRole.LmHead);
            foreach (int second in Enumerable.Range(0, 7))
            {
                double score = Math.Log(session.Network.Row(probabilities, 0)[first]) + Math.Log(session.Network.Row(probabilities, 1)[second]);
                (best, likeliest) = score > best ? (score, [first, second]) : (best, likeliest);
            }
        }

        session.Commit(0);
        Assert.Equal(likeliest.Select(token => (long)token), TechniqueRuns.Text(steps));
    }

    [Fact]
    public void A_beam_that_would_need_its_caches_moved_is_refused() => Assert.Throws<PimSimUserException>(() =>
        NetworkRuns.OnShape(Program, NetworkRuns.Speech(), Request(4, 0, 1, ("beam", [4]), ("memory", [0]))));

    private static GenerationRequest Request(int tokens, long seed, int sequences, params (string Name, double[] Value)[] changes) =>
        TechniqueRuns.Request(32, tokens, TechniqueRuns.Settings("canary", [("taskTokens", [1]), .. changes]), sequences, seed);

    private static float[] Normalised(float[] numbers) => [.. numbers.Select(number => number / numbers.Sum())];

    private static double BruteForce(float[][] frames, int[] prefix)
    {
        double sum = 0;
        int labels = frames[0].Length;
        for (int number = 0; number < Math.Pow(labels, frames.Length); number++)
        {
            double probability = 1;
            List<int> text = [];
            int rest = number;
            int before = 0;
            foreach (float[] frame in frames)
            {
                int label = rest % labels;
                rest /= labels;
                probability *= frame[label];
                if (label != 0 && label != before)
                {
                    text.Add(label);
                }

                before = label;
            }

            sum += text.Take(prefix.Length).SequenceEqual(prefix) ? probability : 0;
        }

        return sum;
    }
}
