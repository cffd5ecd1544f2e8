using System.Numerics;
using System.Numerics.Tensors;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Model;

/// <summary>
/// One sequence through the decoder and back. Keeps what the way back needs and allocates nothing after its construction.
/// One object per thread.
/// </summary>
internal sealed class SequencePass<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly DecoderConfiguration _model;
    private readonly ParameterLayout _layout;
    private readonly MatrixProduct<T> _product = new();
    private readonly CausalAttention<T> _attention;
    private readonly RotaryEmbedding<T> _rotary;
    private readonly T _epsilon;

    // [layers + 1]: the residual stream before each block and after the last.
    private readonly T[][] _residual;
    private readonly T[][] _middle;
    private readonly T[][] _qkv;
    private readonly T[][] _attended;
    private readonly T[][] _logSums;
    private readonly T[][] _gateUp;
    private readonly T[][] _factors;

    private readonly T[] _normal;
    private readonly T[] _activated;
    private readonly T[] _logits;
    private readonly T[] _final;
    private readonly T[] _gradient;
    private readonly T[] _wideGradient;
    private readonly T[] _innerGradient;
    private readonly T[] _qkvGradient;
    private readonly T[] _scratch;

    public SequencePass(DecoderConfiguration model)
    {
        int rows = model.Context;
        _model = model;
        _layout = new ParameterLayout(model);
        _attention = new CausalAttention<T>(model, _product);
        _rotary = new RotaryEmbedding<T>(model.HeadDim, rows, model.RopeBase);
        _epsilon = T.CreateChecked(model.NormEpsilon);
        _residual = Arrays(model.Layers + 1, rows * model.Hidden);
        _middle = Arrays(model.Layers, rows * model.Hidden);
        _qkv = Arrays(model.Layers, rows * model.QkvWidth);
        _attended = Arrays(model.Layers, rows * model.QueryWidth);
        _logSums = Arrays(model.Layers, rows * model.Heads);
        _gateUp = Arrays(model.Layers, rows * 2 * model.Ffn);
        _factors = Arrays((2 * model.Layers) + 1, rows);
        _normal = new T[rows * model.Hidden];
        _final = new T[rows * model.Hidden];
        _activated = new T[rows * model.Ffn];
        _logits = new T[rows * model.Vocabulary];
        _gradient = new T[rows * model.Hidden];
        _wideGradient = new T[rows * Math.Max(model.Hidden, model.QueryWidth)];
        _innerGradient = new T[rows * model.Ffn];
        _qkvGradient = new T[rows * model.QkvWidth];
        _scratch = new T[Math.Max(model.Hidden, model.Ffn)];
    }

    /// <summary>The last normalisation's output of the last <see cref="Forward"/>: [rows, hidden].</summary>
    public Span<T> FinalStates => _final;

    /// <summary>The logits of the last <see cref="Forward"/>: [rows, vocabulary].</summary>
    public Span<T> Logits => _logits;

    /// <summary>Computes states and logits of all positions.</summary>
    public void Forward(T[] parameters, ReadOnlySpan<int> tokens)
    {
        int rows = tokens.Length;
        int hidden = _model.Hidden;
        Span<T> embedding = parameters.AsSpan(_layout.Embedding);
        for (int row = 0; row < rows; row++)
        {
            embedding.Slice(tokens[row] * hidden, hidden).CopyTo(_residual[0].AsSpan(row * hidden));
        }

        for (int layer = 0; layer < _model.Layers; layer++)
        {
            ParameterLayout.Layer at = _layout[layer];
            RmsNorm.Forward(_residual[layer], parameters.AsSpan(at.InputNorm), _epsilon, _normal, _factors[2 * layer].AsSpan(0, rows));
            Linear(_normal, parameters.AsSpan(at.Qkv), _qkv[layer], rows, hidden, _model.QkvWidth, accumulate: false);
            _rotary.Rotate(_qkv[layer], rows, _model.QkvWidth, _model.Heads + _model.KvHeads, backwards: false);
            _attention.Forward(_qkv[layer], rows, _attended[layer], _logSums[layer]);

            _residual[layer].AsSpan(0, rows * hidden).CopyTo(_middle[layer]);
            Linear(_attended[layer], parameters.AsSpan(at.Output), _middle[layer], rows, _model.QueryWidth, hidden, accumulate: true);

            RmsNorm.Forward(_middle[layer], parameters.AsSpan(at.FfnNorm), _epsilon, _normal, _factors[(2 * layer) + 1].AsSpan(0, rows));
            Linear(_normal, parameters.AsSpan(at.GateUp), _gateUp[layer], rows, hidden, 2 * _model.Ffn, accumulate: false);
            SwiGlu.Forward(_gateUp[layer], rows, _model.Ffn, _activated);
            _middle[layer].AsSpan(0, rows * hidden).CopyTo(_residual[layer + 1]);
            Linear(_activated, parameters.AsSpan(at.Down), _residual[layer + 1], rows, _model.Ffn, hidden, accumulate: true);
        }

        RmsNorm.Forward(_residual[^1], parameters.AsSpan(_layout.FinalNorm), _epsilon, _final, _factors[^1].AsSpan(0, rows));
        Linear(_final, embedding, _logits, rows, hidden, _model.Vocabulary, accumulate: false);
    }

    /// <summary>The sum of the losses of all positions in nats, without gradients. Replaces the logits.</summary>
    public double Loss(T[] parameters, ReadOnlySpan<int> tokens, ReadOnlySpan<int> targets)
    {
        Forward(parameters, tokens);
        return CrossEntropy.Gradient(_logits, _model.Vocabulary, targets, T.One);
    }

    /// <summary>Adds the gradient of the loss, times <paramref name="weight"/>, and returns the sum of the losses in nats.</summary>
    public double AddGradient(T[] parameters, ReadOnlySpan<int> tokens, ReadOnlySpan<int> targets, T weight, T[] gradients)
    {
        int rows = tokens.Length;
        int hidden = _model.Hidden;
        Forward(parameters, tokens);
        double loss = CrossEntropy.Gradient(_logits, _model.Vocabulary, targets, weight);
        LinearBackward(_final, parameters.AsSpan(_layout.Embedding), _logits, gradients.AsSpan(_layout.Embedding), _wideGradient, rows, hidden, _model.Vocabulary);
        Span<T> stream = _gradient.AsSpan(0, rows * hidden);
        stream.Clear();
        NormBackward(_residual[^1], parameters, gradients, _layout.FinalNorm, _factors[^1], rows);
        for (int layer = _model.Layers - 1; layer >= 0; layer--)
        {
            FeedForwardBackward(parameters, gradients, layer, rows);
            AttentionBackward(parameters, gradients, layer, rows);
        }

        Span<T> embeddingGradient = gradients.AsSpan(_layout.Embedding);
        for (int row = 0; row < rows; row++)
        {
            Span<T> entry = embeddingGradient.Slice(tokens[row] * hidden, hidden);
            TensorPrimitives.Add(entry, stream.Slice(row * hidden, hidden), entry);
        }

        return loss;
    }

    private static T[][] Arrays(int count, int length) => [.. Enumerable.Range(0, count).Select(_ => new T[length])];

    private void FeedForwardBackward(T[] parameters, T[] gradients, int layer, int rows)
    {
        ParameterLayout.Layer at = _layout[layer];
        int hidden = _model.Hidden;
        int ffn = _model.Ffn;

        // The activation is computed again after its gradient is known, so the matrix before comes last here.
        _product.Compute(new MatrixView<T>(_gradient, rows, hidden), new MatrixView<T>(parameters.AsSpan(at.Down), hidden, ffn), new MatrixView<T>(_innerGradient, rows, ffn), accumulate: false);
        SwiGlu.Backward(_gateUp[layer], rows, ffn, _innerGradient, _activated, _scratch);
        AddOuter(_gradient, _activated, gradients.AsSpan(at.Down), rows, ffn, hidden);

        RmsNorm.Repeat(_middle[layer], parameters.AsSpan(at.FfnNorm), _factors[(2 * layer) + 1].AsSpan(0, rows), _normal);
        LinearBackward(_normal, parameters.AsSpan(at.GateUp), _gateUp[layer], gradients.AsSpan(at.GateUp), _wideGradient, rows, hidden, 2 * ffn);
        NormBackward(_middle[layer], parameters, gradients, at.FfnNorm, _factors[(2 * layer) + 1], rows);
    }

    private void AttentionBackward(T[] parameters, T[] gradients, int layer, int rows)
    {
        ParameterLayout.Layer at = _layout[layer];
        int hidden = _model.Hidden;
        LinearBackward(_attended[layer], parameters.AsSpan(at.Output), _gradient, gradients.AsSpan(at.Output), _wideGradient, rows, _model.QueryWidth, hidden);
        _attention.Backward(_qkv[layer], rows, _attended[layer], _logSums[layer], _wideGradient, _qkvGradient);
        _rotary.Rotate(_qkvGradient, rows, _model.QkvWidth, _model.Heads + _model.KvHeads, backwards: true);

        RmsNorm.Repeat(_residual[layer], parameters.AsSpan(at.InputNorm), _factors[2 * layer].AsSpan(0, rows), _normal);
        LinearBackward(_normal, parameters.AsSpan(at.Qkv), _qkvGradient, gradients.AsSpan(at.Qkv), _wideGradient, rows, hidden, _model.QkvWidth);
        NormBackward(_residual[layer], parameters, gradients, at.InputNorm, _factors[2 * layer], rows);
    }

    /// <summary>Takes the gradient in _wideGradient through a normalisation and adds it to that of the residual stream.</summary>
    private void NormBackward(T[] input, T[] parameters, T[] gradients, Range weight, T[] factors, int rows) => RmsNorm.Backward(
        input, parameters.AsSpan(weight), factors.AsSpan(0, rows), _wideGradient, gradients.AsSpan(weight), _gradient, _scratch);

    /// <summary>y = x W^T for rows of x, with W [outputs, inputs].</summary>
    private void Linear(Span<T> input, Span<T> weights, Span<T> output, int rows, int inputs, int outputs, bool accumulate) => _product.Compute(
        new MatrixView<T>(input, rows, inputs), new MatrixView<T>(weights, outputs, inputs).Transposed, new MatrixView<T>(output, rows, outputs), accumulate);

    /// <summary>dW += dy^T x, and dx = dy W.</summary>
    private void LinearBackward(Span<T> input, Span<T> weights, Span<T> gradient, Span<T> weightGradient, Span<T> inputGradient, int rows, int inputs, int outputs)
    {
        AddOuter(gradient, input, weightGradient, rows, inputs, outputs);
        _product.Compute(new MatrixView<T>(gradient, rows, outputs), new MatrixView<T>(weights, outputs, inputs), new MatrixView<T>(inputGradient, rows, inputs), accumulate: false);
    }

    private void AddOuter(Span<T> gradient, Span<T> input, Span<T> weightGradient, int rows, int inputs, int outputs) => _product.Compute(
        new MatrixView<T>(gradient, rows, outputs).Transposed, new MatrixView<T>(input, rows, inputs), new MatrixView<T>(weightGradient, outputs, inputs), accumulate: true);
}
