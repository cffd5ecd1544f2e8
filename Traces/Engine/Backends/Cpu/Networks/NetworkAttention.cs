using System.Numerics.Tensors;
using PimSim.Traces.Engine.Networks;

namespace PimSim.Traces.Engine.Backends.Cpu.Networks;

/// <summary>
/// Attention with any pattern, in pieces of one key/value head of one sequence: the scores of what a query does not see become zero probability.
/// </summary>
internal sealed class NetworkAttention : ParallelWork
{
    private CpuTensor _queries;
    private CpuTensor _result;
    private CpuKeyValues _cache = null!;
    private AttentionPattern _pattern = AttentionPattern.Causal;
    private int _each;
    private int _heads;
    private bool _scoresOnly;

    /// <summary>Sets the operands of an attention.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuTensor queries, int each, int heads, CpuKeyValues cache, AttentionPattern pattern, CpuTensor result)
    {
        (_queries, _each, _heads, _cache, _pattern, _result, _scoresOnly) = (queries, each, heads, cache, pattern, result, false);
        return cache.Sequences * cache.Shape.Heads;
    }

    /// <summary>Sets the operands of probabilities alone.</summary>
    /// <returns>Number of pieces.</returns>
    public int PrepareScores(CpuTensor queries, int each, int heads, CpuKeyValues cache, AttentionPattern pattern, CpuTensor result)
    {
        int pieces = Prepare(queries, each, heads, cache, pattern, result);
        _scoresOnly = true;
        return pieces;
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        (int sequence, int kvHead) = Math.DivRem(piece, _cache.Shape.Heads);
        int width = _cache.Shape.HeadDim;
        int group = _heads / _cache.Shape.Heads;
        float[] scores = new float[_cache.Length];
        Span<float> mean = _scoresOnly ? _result.WritableRow(piece) : [];
        mean.Clear();
        for (int query = 0; query < _each; query++)
        {
            int row = (sequence * _each) + query;
            for (int head = kvHead * group; head < (kvHead + 1) * group; head++)
            {
                ReadOnlySpan<float> q = _queries.Row(row).Slice(head * width, width);
                int seen = Probabilities(q, sequence, kvHead, query, scores);
                if (_scoresOnly)
                {
                    TensorPrimitives.MultiplyAdd(scores, 1f / (_each * group), mean, mean);
                    continue;
                }

                Span<float> sum = _result.WritableRow(row).Slice(head * width, width);
                sum.Clear();
                for (int token = 0; token < seen; token++)
                {
                    if (scores[token] != 0)
                    {
                        TensorPrimitives.MultiplyAdd(_cache.Value(sequence, kvHead, token), scores[token], sum, sum);
                    }
                }
            }
        }
    }

    /// <summary>Writes the probabilities of the operands that are set, for each query their mean over all heads.</summary>
    public void Weigh(CpuTensor weights)
    {
        int width = _cache.Shape.HeadDim;
        int group = _heads / _cache.Shape.Heads;
        float[] scores = new float[_cache.Length];
        for (int row = 0; row < weights.Rows; row++)
        {
            (int sequence, int query) = Math.DivRem(row, _each);
            Span<float> mean = weights.WritableRow(row);
            mean.Clear();
            for (int head = 0; head < _heads; head++)
            {
                Probabilities(_queries.Row(row).Slice(head * width, width), sequence, head / group, query, scores);
                TensorPrimitives.MultiplyAdd(scores, 1f / _heads, mean, mean);
            }
        }
    }

    /// <summary>The probabilities of all tokens. Returns one more than the last that is seen.</summary>
    private int Probabilities(ReadOnlySpan<float> query, int sequence, int kvHead, int number, Span<float> scores)
    {
        float scale = (float)(1 / Math.Sqrt(query.Length));
        int seen = 0;
        for (int token = 0; token < scores.Length; token++)
        {
            bool sees = _pattern.Sees(sequence, number, _each, token, scores.Length);
            scores[token] = sees ? scale * TensorPrimitives.Dot(query, _cache.Key(sequence, kvHead, token)) : float.NegativeInfinity;
            seen = sees ? token + 1 : seen;
        }

        if (seen == 0)
        {
            throw new ArgumentException($"query {number} sees nothing");
        }

        TensorPrimitives.Subtract(scores, TensorPrimitives.Max((ReadOnlySpan<float>)scores), scores);
        TensorPrimitives.Exp(scores, scores);
        TensorPrimitives.Divide(scores, TensorPrimitives.Sum((ReadOnlySpan<float>)scores), scores);
        return seen;
    }
}
