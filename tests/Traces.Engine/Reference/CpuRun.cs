using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>A model on the CPU backend with its cache.</summary>
internal sealed class CpuRun : IDisposable
{
    private readonly CpuBackend _backend;
    private readonly DecoderModel<CpuTensor> _model;

    public CpuRun(IModelWeights weights, int sequences = 1, int threads = 2, int capacity = 64)
    {
        _backend = new CpuBackend(weights, threads);
        _model = new DecoderModel<CpuTensor>(_backend);
        Cache = _backend.CreateCache(sequences, capacity);
    }

    public KvCache Cache { get; }

    /// <summary>Logits after the last token of each sequence.</summary>
    public float[][] Forward(params int[] tokens)
    {
        CpuTensor logits = _model.Forward(tokens, Cache);
        return [.. Enumerable.Range(0, logits.Rows).Select(row => logits.Row(row).ToArray())];
    }

    /// <summary>Each sequence continued with the most likely tokens.</summary>
    public int[][] Generate(int[][] prompts, int count)
    {
        List<int>[] sequences = [.. prompts.Select(prompt => prompt.ToList())];
        int[] next = prompts.SelectMany(prompt => prompt).ToArray();
        for (int step = 0; step < count; step++)
        {
            int[] sampled = new int[sequences.Length];
            _backend.Sample(_model.Forward(next, Cache), sampled);
            next = sampled;
            for (int sequence = 0; sequence < sequences.Length; sequence++)
            {
                sequences[sequence].Add(sampled[sequence]);
            }
        }

        return [.. sequences.Select(sequence => sequence.ToArray())];
    }

    public void Dispose() => _backend.Dispose();
}
