using System.Numerics;
using System.Numerics.Tensors;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Model;

/// <summary>
/// Draft heads beside a frozen decoder, after Medusa (Cai et al., 2024): head k maps the last hidden state x of token t to
/// x + silu(W x + b), and the decoder's own output head makes of it the logits of token t + 2 + k. One object per thread.
/// </summary>
internal sealed class DraftHeads<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int _hidden;
    private readonly int _vocabulary;
    private readonly MatrixProduct<T> _product = new();
    private readonly T[] _inner;
    private readonly T[] _state;
    private readonly T[] _logits;
    private readonly T[] _sigmoid;

    public DraftHeads(DecoderConfiguration model)
    {
        _hidden = model.Hidden;
        _vocabulary = model.Vocabulary;
        _inner = new T[model.Context * _hidden];
        _state = new T[model.Context * _hidden];
        _logits = new T[model.Context * _vocabulary];
        _sigmoid = new T[_hidden];
    }

    /// <summary>The logits of the last <see cref="Forward"/>: [rows, vocabulary].</summary>
    public Span<T> Logits => _logits;

    /// <summary>Parameters of one head: the matrix [hidden, hidden], then the bias.</summary>
    public static int LengthOf(DecoderConfiguration model) => (model.Hidden * model.Hidden) + model.Hidden;

    /// <summary>Computes the logits of one head for all rows of the last hidden states.</summary>
    public void Forward(Span<T> head, Span<T> states, Span<T> outputHead, int rows)
    {
        Span<T> bias = head[(_hidden * _hidden)..];
        _product.Compute(new MatrixView<T>(states, rows, _hidden), new MatrixView<T>(head, _hidden, _hidden).Transposed, new MatrixView<T>(_inner, rows, _hidden), accumulate: false);
        for (int row = 0; row < rows; row++)
        {
            Span<T> inner = _inner.AsSpan(row * _hidden, _hidden);
            TensorPrimitives.Add(inner, bias, inner);
            TensorPrimitives.Sigmoid<T>(inner, _sigmoid);
            TensorPrimitives.MultiplyAdd<T>(inner, _sigmoid, states.Slice(row * _hidden, _hidden), _state.AsSpan(row * _hidden, _hidden));
        }

        _product.Compute(new MatrixView<T>(_state, rows, _hidden), new MatrixView<T>(outputHead, _vocabulary, _hidden).Transposed, new MatrixView<T>(_logits, rows, _vocabulary), accumulate: false);
    }

    /// <summary>Adds the gradient of one head's loss, times <paramref name="weight"/>; returns the sum of the losses in nats.</summary>
    public double AddGradient(Span<T> head, Span<T> states, Span<T> outputHead, ReadOnlySpan<int> targets, T weight, Span<T> gradient)
    {
        int rows = targets.Length;
        Forward(head, states, outputHead, rows);
        double loss = CrossEntropy.Gradient(_logits, _vocabulary, targets, weight);
        _product.Compute(new MatrixView<T>(_logits, rows, _vocabulary), new MatrixView<T>(outputHead, _vocabulary, _hidden), new MatrixView<T>(_state, rows, _hidden), accumulate: false);
        Span<T> biasGradient = gradient[(_hidden * _hidden)..];
        for (int row = 0; row < rows; row++)
        {
            Span<T> inner = _inner.AsSpan(row * _hidden, _hidden);
            Span<T> slope = _state.AsSpan(row * _hidden, _hidden);
            TensorPrimitives.Sigmoid<T>(inner, _sigmoid);
            for (int i = 0; i < _hidden; i++)
            {
                inner[i] = _sigmoid[i] * (T.One + (inner[i] * (T.One - _sigmoid[i])));
            }

            TensorPrimitives.Multiply<T>(slope, inner, slope);
            TensorPrimitives.Add(biasGradient, slope, biasGradient);
        }

        _product.Compute(new MatrixView<T>(_state, rows, _hidden).Transposed, new MatrixView<T>(states, rows, _hidden), new MatrixView<T>(gradient, _hidden, _hidden), accumulate: true);
        return loss;
    }
}
