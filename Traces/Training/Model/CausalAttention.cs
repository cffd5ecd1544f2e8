using System.Numerics;
using System.Numerics.Tensors;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Model;

/// <summary>
/// Causal attention with shared key/value heads over one sequence. Rows hold queries, keys and values side by side. Scores exist for a
/// block of queries only; the way back computes them again from the logarithm of each row's sum. One object per thread.
/// </summary>
internal sealed class CausalAttention<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int BlockRows = 64;

    private readonly DecoderConfiguration _model;
    private readonly MatrixProduct<T> _product;
    private readonly T[] _scores;
    private readonly T[] _scoreGradients;
    private readonly T _scale;

    public CausalAttention(DecoderConfiguration model, MatrixProduct<T> product)
    {
        _model = model;
        _product = product;
        _scores = new T[BlockRows * model.Context];
        _scoreGradients = new T[BlockRows * model.Context];
        _scale = T.CreateChecked(1 / Math.Sqrt(model.HeadDim));
    }

    /// <summary>Output of all heads [rows, QueryWidth], and ln(sum(exp(score))) [heads, rows].</summary>
    public void Forward(Span<T> qkv, int rows, Span<T> output, Span<T> logSums)
    {
        for (int head = 0; head < _model.Heads; head++)
        {
            for (int first = 0; first < rows; first += BlockRows)
            {
                int count = Math.Min(BlockRows, rows - first);
                int keys = first + count;
                Scores(qkv, head, first, count);
                for (int row = 0; row < count; row++)
                {
                    Span<T> scores = _scores.AsSpan(row * keys, keys);
                    T top = TensorPrimitives.Max<T>(scores);
                    TensorPrimitives.Subtract(scores, top, scores);
                    TensorPrimitives.Exp<T>(scores, scores);
                    T sum = Lanes.Sum<T>(scores);
                    TensorPrimitives.Multiply(scores, T.One / sum, scores);
                    logSums[(head * rows) + first + row] = top + T.Log(sum);
                }

                _product.Compute(
                    new MatrixView<T>(_scores, count, keys),
                    Values(qkv, head, keys),
                    new MatrixView<T>(output[((first * _model.QueryWidth) + (head * _model.HeadDim))..], count, _model.HeadDim, _model.QueryWidth),
                    accumulate: false);
            }
        }
    }

    /// <summary>Gradients of queries, keys and values, all of them overwritten, from that of the output.</summary>
    public void Backward(Span<T> qkv, int rows, ReadOnlySpan<T> output, ReadOnlySpan<T> logSums, Span<T> outputGradient, Span<T> qkvGradient)
    {
        int stride = _model.QkvWidth;
        qkvGradient[..(rows * stride)].Clear();
        for (int head = 0; head < _model.Heads; head++)
        {
            for (int first = 0; first < rows; first += BlockRows)
            {
                int count = Math.Min(BlockRows, rows - first);
                int keys = first + count;
                int at = (first * _model.QueryWidth) + (head * _model.HeadDim);
                MatrixView<T> dOutput = new(outputGradient[at..], count, _model.HeadDim, _model.QueryWidth);
                MatrixView<T> probabilities = new(_scores, count, keys);
                MatrixView<T> dScores = new(_scoreGradients, count, keys);
                Scores(qkv, head, first, count);
                _product.Compute(dOutput, Values(qkv, head, keys).Transposed, dScores, accumulate: false);
                for (int row = 0; row < count; row++)
                {
                    int start = at + (row * _model.QueryWidth);
                    T mean = Lanes.Dot<T>(outputGradient.Slice(start, _model.HeadDim), output.Slice(start, _model.HeadDim));
                    Span<T> p = _scores.AsSpan(row * keys, keys);
                    Span<T> ds = _scoreGradients.AsSpan(row * keys, keys);
                    TensorPrimitives.Subtract(p, logSums[(head * rows) + first + row], p);
                    TensorPrimitives.Exp<T>(p, p);
                    TensorPrimitives.Subtract(ds, mean, ds);
                    TensorPrimitives.Multiply(ds, p, ds);
                    TensorPrimitives.Multiply(ds, _scale, ds);
                }

                _product.Compute(probabilities.Transposed, dOutput, Values(qkvGradient, head, keys), accumulate: true);
                _product.Compute(dScores, Keys(qkv, head, keys), Queries(qkvGradient, head, first, count), accumulate: false);
                _product.Compute(dScores.Transposed, Queries(qkv, head, first, count), Keys(qkvGradient, head, keys), accumulate: true);
            }
        }
    }

    private void Scores(Span<T> qkv, int head, int first, int count)
    {
        int keys = first + count;
        _product.Compute(Queries(qkv, head, first, count), Keys(qkv, head, keys).Transposed, new MatrixView<T>(_scores, count, keys), accumulate: false);
        for (int row = 0; row < count; row++)
        {
            Span<T> scores = _scores.AsSpan(row * keys, keys);
            TensorPrimitives.Multiply(scores, _scale, scores);
            scores[(first + row + 1)..].Fill(T.NegativeInfinity);
        }
    }

    private MatrixView<T> Queries(Span<T> qkv, int head, int first, int count) =>
        new(qkv[((first * _model.QkvWidth) + (head * _model.HeadDim))..], count, _model.HeadDim, _model.QkvWidth);

    private MatrixView<T> Keys(Span<T> qkv, int head, int count) =>
        new(qkv[(_model.QueryWidth + (KvHead(head) * _model.HeadDim))..], count, _model.HeadDim, _model.QkvWidth);

    private MatrixView<T> Values(Span<T> qkv, int head, int count) =>
        new(qkv[(_model.QueryWidth + _model.KvWidth + (KvHead(head) * _model.HeadDim))..], count, _model.HeadDim, _model.QkvWidth);

    private int KvHead(int head) => head / (_model.Heads / _model.KvHeads);
}
