using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>What must not change a single bit: number of threads, how tokens are spread over calls, rollbacks, other sequences beside.</summary>
public class CpuInvarianceTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 45).Select(index => index * 31 % 67)];

    private static readonly float[] Values = [-3f, -0f, 0f, 1f, 2f];

    public static TheoryData<string, DataType> Cases => CpuAgainstReferenceTests.Cases;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Threads_do_not_change_a_bit(string family, DataType type)
    {
        using IModelWeights weights = Family.Weights(family, type);
        using CpuRun single = new(weights, threads: 1);
        float[][] expected = [single.Forward(Tokens)[0], single.Forward(5)[0]];
        foreach (int threads in new[] { 2, 3, 7 })
        {
            using CpuRun run = new(weights, threads: threads);
            Assert.Equal(expected, [run.Forward(Tokens)[0], run.Forward(5)[0]]);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Prefill_in_one_piece_is_prefill_token_by_token(string family, DataType type)
    {
        using IModelWeights weights = Family.Weights(family, type);
        using CpuRun whole = new(weights);
        using CpuRun pieces = new(weights);
        float[] expected = whole.Forward(Tokens)[0];
        float[] last = [];
        int[] lengths = [1, 1, 2, 3, 5, 17, 1, 4];
        int done = 0;
        foreach (int length in lengths)
        {
            last = pieces.Forward(Tokens[done..(done + length)])[0];
            done += length;
        }

        last = done < Tokens.Length ? pieces.Forward(Tokens[done..])[0] : last;
        Assert.Equal(expected, last);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void After_a_rollback_everything_is_as_if_the_tokens_had_never_been(string family, DataType type)
    {
        using IModelWeights weights = Family.Weights(family, type);
        using CpuRun fresh = new(weights, sequences: 2);
        fresh.Forward(Tokens[..10]);
        float[][] expected = fresh.Forward(Tokens[20..26]);
        using CpuRun run = new(weights, sequences: 2);
        run.Forward(Tokens[..10]);
        run.Forward(Tokens[30..44]);
        run.Cache.Truncate(5);
        Assert.Equal(expected, run.Forward(Tokens[20..26]));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_sequence_does_not_know_of_those_beside_it(string family, DataType type)
    {
        using IModelWeights weights = Family.Weights(family, type);
        int[][] prompts = [Tokens[..9], Tokens[9..18], Tokens[18..27], Tokens[27..36], Tokens[36..45]];
        using CpuRun together = new(weights, sequences: 5);
        float[][] expected = [.. prompts.Select(prompt =>
        {
            using CpuRun alone = new(weights);
            return alone.Forward(prompt)[0];
        })];
        Assert.Equal(expected, together.Forward(Tokens));
    }

    [Fact]
    public void A_step_allocates_nothing_once_warm()
    {
        foreach (DataType type in StorageTypes.All)
        {
            using IModelWeights weights = Family.Weights("llama", type);
            using CpuBackend backend = new(weights, 2);
            DecoderModel<CpuTensor> model = new(backend);
            KvCache cache = backend.CreateCache(2, 60);
            int[] tokens = [1, 2];
            for (int step = 0; step < 20; step++)
            {
                backend.Sample(model.Forward(tokens, cache), tokens);
            }

            // Both threads: what one of them allocates shows in the total of the process, which other tests share; so the least of several runs.
            long least = long.MaxValue;
            for (int attempt = 0; attempt < 10 && least > 0; attempt++)
            {
                cache.Truncate(20);
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int step = 0; step < 20; step++)
                {
                    backend.Sample(model.Forward(tokens, cache), tokens);
                }

                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            Assert.Equal(0, least);
        }
    }

    [Fact]
    public void A_tensor_cannot_be_read_after_its_block()
    {
        using IModelWeights weights = Family.Weights("gpt2");
        using CpuBackend backend = new(weights, 1);
        backend.BeginBlock();
        CpuTensor older = backend.Embed([1, 2]);
        CpuTensor newest = backend.Embed([3, 4]);
        float first = newest.Row(1)[0];
        backend.BeginBlock();
        Assert.Throws<ObjectDisposedException>(() => older.Row(0).Length);
        Assert.Equal(first, newest.Row(1)[0]);
        backend.Embed([5]);
        backend.BeginBlock();
        Assert.Throws<ObjectDisposedException>(() => newest.Row(0).Length);
        Assert.Throws<ObjectDisposedException>(() => default(CpuTensor).Row(0).Length);
    }

    [Fact]
    public void Of_equal_logits_the_first_is_taken_and_those_that_are_no_numbers_are_refused() =>
        Gen.Select(Gen.Int[1, 4].SelectMany(kinds => Gen.Int[0, kinds].Select(index => Values[index]).Array[67]), Gen.Int[0, 66]).Sample((logits, index) =>
        {
            using IModelWeights weights = Family.Weights("gpt2");
            using CpuBackend backend = new(weights, 1);
            CpuTensor tensor = new(new TensorStorage(67), 1, 67);
            logits.CopyTo(tensor.WritableRow(0));
            int[] token = new int[1];
            backend.Sample(tensor, token);
            Assert.Equal(Enumerable.Range(0, 67).First(candidate => logits.All(other => other <= logits[candidate])), token[0]);
            tensor.WritableRow(0)[index] = float.NaN;
            Assert.Contains("gpt2-like", Assert.Throws<Format.Documents.PimSimUserException>(() => backend.Sample(tensor, token)).Message, StringComparison.Ordinal);
        });

    [Fact]
    public void The_shape_says_what_is_computed_with()
    {
        using IModelWeights weights = Family.Weights("gpt2", DataType.Bf16);
        using CpuBackend backend = new(weights, 1);
        Assert.Equal(weights.Shape with { ActivationType = DataType.Fp32, KvType = DataType.Fp32 }, backend.Shape);
        Assert.Equal(DataType.Bf16, backend.Shape.WeightType);
        Assert.Equal(DataType.Fp32, backend.Embed([0]).Type);
    }
}
