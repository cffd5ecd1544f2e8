using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Attention over a cache, in pieces of one key/value head of one sequence, with all the query heads that share it, and at most 16 of its
/// new tokens.
/// </summary>
/// <param name="shape">The heads.</param>
/// <param name="scale">What scores are multiplied by.</param>
/// <param name="threads">Threads that may run pieces.</param>
internal sealed class AttentionWork(HeadShape shape, float scale, int threads) : ParallelWork
{
    private const int PieceTokens = 16;

    private readonly float[][] _scores = new float[threads][];
    private CpuKvCache _cache = null!;
    private CpuTensor _queries;
    private CpuTensor _result;
    private ScoreBias? _bias;
    private AttentionMask _mask;
    private int _layer;
    private int _tokens;
    private int _tokenPieces;

    /// <summary>Sets the operands.</summary>
    /// <param name="cache">Keys and values.</param>
    /// <param name="layer">Which of its layers.</param>
    /// <param name="queries">Rows that begin with the queries. Of a causal attention the tokens are the newest of the cache.</param>
    /// <param name="result">What is attended to.</param>
    /// <param name="mask">What each token sees.</param>
    /// <param name="bias">Added to the scores of tokens of the same sequence; null for none.</param>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuKvCache cache, int layer, CpuTensor queries, CpuTensor result, AttentionMask mask = AttentionMask.Causal, ScoreBias? bias = null)
    {
        _cache = cache;
        _layer = layer;
        _queries = queries;
        _result = result;
        _mask = mask;
        _bias = bias;
        _tokens = queries.Rows / cache.Sequences;
        _tokenPieces = Pieces(_tokens, PieceTokens);
        return checked(cache.Sequences * shape.KvHeads * _tokenPieces);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        (int stream, int part) = Math.DivRem(piece, _tokenPieces);
        (int sequence, int kvHead) = Math.DivRem(stream, shape.KvHeads);
        int group = shape.Heads / shape.KvHeads;
        if (_scores[worker] is null || _scores[worker].Length < _cache.Capacity)
        {
            _scores[worker] = GC.AllocateUninitializedArray<float>(_cache.Capacity);
        }

        int end = Math.Min((part + 1) * PieceTokens, _tokens);
        for (int token = part * PieceTokens; token < end; token++)
        {
            int row = (sequence * _tokens) + token;
            int position = _cache.Length - _tokens + token;
            int context = _mask == AttentionMask.Causal ? position + 1 : _cache.Length;
            ReadOnlySpan<float> keys = _cache.Keys(_layer, sequence, kvHead, context);
            ReadOnlySpan<float> values = _cache.Values(_layer, sequence, kvHead, context);
            Span<float> scores = _scores[worker].AsSpan(0, context);
            for (int head = kvHead * group; head < (kvHead + 1) * group; head++)
            {
                Score(_queries.Row(row).Slice(head * shape.HeadDim, shape.HeadDim), keys, scores);
                if (_bias is not null)
                {
                    TensorPrimitives.Add(scores, _bias.Row(head, position, context), scores);
                }

                Attend(scores, values, _result.WritableRow(row).Slice(head * shape.HeadDim, shape.HeadDim));
            }
        }
    }

    private void Score(ReadOnlySpan<float> query, ReadOnlySpan<float> keys, Span<float> scores)
    {
        int width = query.Length;
        ref float token = ref MemoryMarshal.GetReference(query);
        int row = 0;
        for (; row <= scores.Length - RowProducts.RowsAtOnce; row += RowProducts.RowsAtOnce)
        {
            ref byte key = ref Unsafe.As<float, byte>(ref MemoryMarshal.GetReference(keys[(row * width)..]));
            RowProducts.FourByOne<Fp32Decoder>(ref key, (nuint)width * sizeof(float), ref Unsafe.NullRef<float>(), 0, ref token, width, ref scores[row]);
        }

        for (; row < scores.Length; row++)
        {
            ref byte key = ref Unsafe.As<float, byte>(ref MemoryMarshal.GetReference(keys[(row * width)..]));
            scores[row] = RowProducts.OneByOne<Fp32Decoder>(ref key, ref Unsafe.NullRef<float>(), 0, ref token, width);
        }

        TensorPrimitives.Multiply(scores, scale, scores);
    }

    private static void Attend(Span<float> scores, ReadOnlySpan<float> values, Span<float> result)
    {
        // The largest score becomes exp(0), so that none overflows.
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max((ReadOnlySpan<float>)scores), scores);
        TensorPrimitives.Exp(scores, scores);
        float sum = RowSums.Sum(scores);
        RowSums.Weighted(scores, values, result);
        TensorPrimitives.Divide(result, sum, result);
    }
}
