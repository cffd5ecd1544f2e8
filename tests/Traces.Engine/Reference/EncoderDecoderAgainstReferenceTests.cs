using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>Encoder-decoders on the CPU backend against double precision, and what must not change a single bit.</summary>
public class EncoderDecoderAgainstReferenceTests
{
    /// <summary>Of the largest logit; see <see cref="CpuAgainstReferenceTests"/>. Twice the layers of a decoder-only model.</summary>
    private const double Tolerance = 1e-5;

    private static readonly int[] Input = [.. Enumerable.Range(0, 33).Select(index => ((index * 31) + 5) % 67)];

    private static readonly int[] Output = [.. Enumerable.Range(0, 30).Select(index => index * 17 % 67)];

    public static TheoryData<string> Names => ["t5", "flan-t5", "learned"];

    [Fact]
    public void Any_model_gives_the_logits_of_double_precision() => RandomEncoderDecoder.Any.Sample(
        model =>
        {
            using IEncoderDecoderWeights weights = RandomEncoderDecoderWeights.Create(model.Shape, model.Numerics, model.Seed);
            int sequences = model.Inputs.Length;
            using EncoderDecoderRun run = new(weights, sequences, threads: 1 + (int)(model.Seed % 3));
            run.Encode([.. model.Inputs.SelectMany(input => input)]);
            int cut = (int)(model.Seed % (ulong)model.Outputs[0].Length);
            if (cut > 0)
            {
                run.Forward([.. model.Outputs.SelectMany(output => output[..cut])]);
            }

            float[][] logits = run.Forward([.. model.Outputs.SelectMany(output => output[cut..])]);
            ReferenceEncoderDecoder reference = new(weights);
            for (int sequence = 0; sequence < sequences; sequence++)
            {
                AssertNear(reference.Logits(model.Inputs[sequence], model.Outputs[sequence])[^1], logits[sequence]);
            }
        },
        iter: 200);

    [Theory]
    [MemberData(nameof(Names))]
    public void Greedy_generation_is_the_same_token_for_token(string name)
    {
        HashSet<int> generated = [];
        int differing = 0;
        for (ulong seed = 0; seed < 8; seed++)
        {
            using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights(name, seed);
            int[][] inputs = [Input[..9], Input[9..18], Input[18..27]];
            using EncoderDecoderRun run = new(weights, sequences: 3);
            ReferenceEncoderDecoder reference = new(weights);
            int[][] expected = [.. inputs.Select(input => reference.Generate(input, [0], 16).ToArray())];
            Assert.Equal(expected, run.Generate(inputs, 0, 16));
            generated.UnionWith(expected.SelectMany(output => output));
            differing += expected[0].SequenceEqual(expected[1]) ? 0 : 1;

            // What another input leaves behind must not matter.
            run.Generate([Input[..30], Input[2..32], Input[3..33]], 1, 5);
            Assert.Equal(expected, run.Generate(inputs, 0, 16));
        }

        // Models that repeat one token, or do not care what they read, would prove nothing.
        Assert.True(generated.Count >= 20, $"{generated.Count} different tokens");
        Assert.True(differing > 0, "no model cares what it reads");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Output_in_one_piece_is_output_token_by_token(string name)
    {
        using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights(name);
        using EncoderDecoderRun whole = new(weights);
        using EncoderDecoderRun pieces = new(weights);
        whole.Encode(Input);
        pieces.Encode(Input);
        float[][] expected = whole.Forward(Output);
        foreach (int token in Output[..^1])
        {
            pieces.Forward(token);
        }

        Assert.Equal(expected, pieces.Forward(Output[^1]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Threads_and_other_sequences_do_not_change_a_bit(string name)
    {
        using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights(name);
        using EncoderDecoderRun single = new(weights, threads: 1);
        single.Encode(Input);
        float[][] expected = single.Forward(Output);
        foreach (int threads in new[] { 2, 3, 7 })
        {
            using EncoderDecoderRun run = new(weights, sequences: 2, threads);
            run.Encode([.. Input.Reverse(), .. Input]);
            Assert.Equal(expected[0], run.Forward([.. Output.Reverse(), .. Output])[1]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void After_a_rollback_everything_is_as_if_the_tokens_had_never_been(string name)
    {
        using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights(name);
        using EncoderDecoderRun run = new(weights);
        run.Encode(Input);
        run.Forward(Output[..5]);
        float[][] expected = run.Forward(Output[5..9]);
        run.Cache.Truncate(5);
        run.Forward(1, 2, 3, 4, 5, 6);
        run.Cache.Truncate(5);
        Assert.Equal(expected, run.Forward(Output[5..9]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void After_the_first_steps_nothing_is_allocated(string name)
    {
        using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights(name);
        using EncoderDecoderRun run = new(weights, sequences: 2, threads: 1);
        int[] input = [.. Input[..20]];
        int[] tokens = [1, 2];
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 10 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run.Cache.Truncate(0);
            run.Encode(input);
            for (int step = 0; step < 20; step++)
            {
                run.Step(tokens);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void Every_input_token_reaches_every_logit()
    {
        // Were the encoder causal, or cross-attention limited to the newest, one of these would not matter.
        using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights("t5");
        using EncoderDecoderRun run = new(weights);
        run.Encode(Input);
        float[] expected = run.Forward(0)[0];
        for (int position = 0; position < Input.Length; position++)
        {
            int[] other = [.. Input];
            other[position] = (other[position] + 1) % 67;
            run.Encode(other);
            Assert.NotEqual(expected, run.Forward(0)[0]);
        }
    }

    [Fact]
    public void The_decoder_needs_an_input_and_the_right_caches()
    {
        using IEncoderDecoderWeights weights = RandomEncoderDecoder.Weights("t5", type: DataType.Bf16);
        using CpuEncoderDecoderBackend backend = new(weights, 1);
        EncoderDecoderModel<CpuTensor> model = new(backend);
        KvCache cache = backend.CreateCache(2, 9);
        KvCache cross = backend.CreateCrossCache(2, 9);
        Assert.Throws<InvalidOperationException>(() => model.Forward([1, 2], cache, cross));
        Assert.Throws<ArgumentException>(() => model.Encode([1, 2, 3], cross));
        Assert.Throws<Format.Documents.PimSimUserException>(() => model.Encode(new int[20], cross));
        Assert.Throws<ArgumentException>(() => model.Encode([1, 67], cross));
        Assert.Throws<ArgumentException>(() => model.Encode([1, 2], cache));
        model.Encode([1, 2, 3, 4], cross);
        Assert.Throws<ArgumentException>(() => model.Forward([1], backend.CreateCache(1, 9), cross));
        Assert.Equal(2, model.Forward([1, 2], backend.CreateCache(2, 9), cross).Rows);
        Assert.Equal(weights.Shape with { ActivationType = DataType.Fp32, KvType = DataType.Fp32 }, backend.Shape);
    }

    private static void AssertNear(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double tolerance = Tolerance * expected.Max(Math.Abs);
        for (int index = 0; index < expected.Length; index++)
        {
            Assert.True(Math.Abs(expected[index] - actual[index]) <= tolerance, $"logit {index}: {actual[index]}, not {expected[index]}");
        }
    }
}
