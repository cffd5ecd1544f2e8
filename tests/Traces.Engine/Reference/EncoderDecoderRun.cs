using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>An encoder-decoder on the CPU backend with its caches.</summary>
internal sealed class EncoderDecoderRun : IDisposable
{
    private readonly CpuEncoderDecoderBackend _backend;
    private readonly EncoderDecoderModel<CpuTensor> _model;

    public EncoderDecoderRun(IEncoderDecoderWeights weights, int sequences = 1, int threads = 2, int inputCapacity = 40, int capacity = 40)
    {
        _backend = new CpuEncoderDecoderBackend(weights, threads);
        _model = new EncoderDecoderModel<CpuTensor>(_backend);
        Cache = _backend.CreateCache(sequences, capacity);
        Cross = _backend.CreateCrossCache(sequences, inputCapacity);
    }

    public KvCache Cache { get; }

    public KvCache Cross { get; }

    public void Encode(params int[] tokens)
    {
        Cache.Truncate(0);
        _model.Encode(tokens, Cross);
    }

    /// <summary>Logits after the last token of each sequence.</summary>
    public float[][] Forward(params int[] tokens)
    {
        CpuTensor logits = _model.Forward(tokens, Cache, Cross);
        return [.. Enumerable.Range(0, logits.Rows).Select(row => logits.Row(row).ToArray())];
    }

    /// <summary>Forwards tokens and replaces them with the most likely next ones.</summary>
    public void Step(int[] tokens) => _backend.Sample(_model.Forward(tokens, Cache, Cross), tokens);

    /// <summary>Outputs that begin with one token, continued with the most likely ones.</summary>
    public int[][] Generate(int[][] inputs, int start, int count)
    {
        Encode([.. inputs.SelectMany(input => input)]);
        int[] next = [.. inputs.Select(_ => start)];
        List<int>[] outputs = [.. next.Select(token => new List<int> { token })];
        for (int step = 0; step < count; step++)
        {
            Step(next);
            for (int sequence = 0; sequence < next.Length; sequence++)
            {
                outputs[sequence].Add(next[sequence]);
            }
        }

        return [.. outputs.Select(output => output.ToArray())];
    }

    public void Dispose() => _backend.Dispose();
}
