using System.Numerics.Tensors;
using PimSim.Traces.Training.Model;

namespace PimSim.Traces.Training.Optimisation;

/// <summary>
/// The gradient of a batch. Each sequence has a gradient of its own, and they are added in the order of the sequences, so that the
/// result does not depend on the number of threads.
/// </summary>
internal sealed class BatchGradient
{
    private const int ChunkLength = 1 << 14;

    private readonly DecoderConfiguration _model;
    private readonly WorkCrew _crew;
    private readonly SequencePass<float>[] _passes;
    private readonly float[][] _gradients;
    private readonly double[] _losses;

    public BatchGradient(DecoderConfiguration model, int batch, WorkCrew crew)
    {
        int length = new ParameterLayout(model).Length;
        _model = model;
        _crew = crew;
        _passes = [.. Enumerable.Range(0, crew.Threads).Select(_ => new SequencePass<float>(model))];
        _gradients = [.. Enumerable.Range(0, batch).Select(_ => new float[length])];
        _losses = new double[batch];
    }

    /// <summary>The gradient of the last <see cref="Compute"/>.</summary>
    public float[] Gradient => _gradients[0];

    /// <summary>Computes the gradient of the mean loss of a token; returns the loss in bits per byte.</summary>
    /// <param name="parameters">The model.</param>
    /// <param name="tokens">The text.</param>
    /// <param name="starts">First token of each sequence, as many as the batch.</param>
    public double Compute(float[] parameters, int[] tokens, int[] starts)
    {
        float weight = 1f / (starts.Length * _model.Context);
        _crew.Run(starts.Length, (thread, sequence) =>
        {
            Array.Clear(_gradients[sequence]);
            Range targets = Targets(starts[sequence]);
            _losses[sequence] = _passes[thread].AddGradient(parameters, tokens.AsSpan(starts[sequence], _model.Context), tokens.AsSpan(targets), weight, _gradients[sequence]);
        });
        int chunks = (parameters.Length + ChunkLength - 1) / ChunkLength;
        _crew.Run(chunks, (_, chunk) =>
        {
            Range range = new(chunk * ChunkLength, Math.Min(parameters.Length, (chunk + 1) * ChunkLength));
            Span<float> sum = _gradients[0].AsSpan(range);
            for (int sequence = 1; sequence < starts.Length; sequence++)
            {
                TensorPrimitives.Add(sum, _gradients[sequence].AsSpan(range), sum);
            }
        });
        return BitsPerByte(_losses.Sum(), starts.Sum(start => Bytes(tokens.AsSpan(Targets(start)))));
    }

    /// <summary>The loss on a text in consecutive windows, in bits per byte.</summary>
    public double Evaluate(float[] parameters, int[] tokens)
    {
        int windows = (tokens.Length - 1) / _model.Context;
        double[] losses = new double[windows];
        _crew.Run(windows, (thread, window) => losses[window] = _passes[thread].Loss(
            parameters, tokens.AsSpan(window * _model.Context, _model.Context), tokens.AsSpan(Targets(window * _model.Context))));
        return BitsPerByte(losses.Sum(), Bytes(tokens.AsSpan(1, windows * _model.Context)));
    }

    private static double BitsPerByte(double nats, int bytes) => nats / (Math.Log(2) * bytes);

    // Begin and end tokens cost bits too, but are no bytes.
    private static int Bytes(ReadOnlySpan<int> tokens)
    {
        int bytes = 0;
        foreach (int token in tokens)
        {
            bytes += token < DecoderConfiguration.BeginToken ? 1 : 0;
        }

        return bytes;
    }

    private Range Targets(int start) => new(start + 1, start + 1 + _model.Context);
}
