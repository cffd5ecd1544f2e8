using System.Diagnostics.CodeAnalysis;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Workloads.Engines;

/// <summary>An encoder-decoder. Weights are read only where numbers are computed.</summary>
[SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes the model, and with it backend and weights.")]
internal sealed class EncoderDecoderSource(Func<EncoderDecoderShape> shape, Func<IEncoderDecoderWeights> load, Func<string, int[]>? tokenize) : IModelSource
{
    public IEngineModel OnShape() => new EncoderDecoderEngineModel<ShapeTensor>(EngineModels.ShapeBackendName, new ShapeEncoderDecoderBackend(shape()), clock: null, tokenize);

    public IEngineModel OnCpu(int threads)
    {
        IEncoderDecoderWeights weights = load();
        try
        {
            CpuEncoderDecoderBackend backend = new(weights, threads);
            return new EncoderDecoderEngineModel<CpuTensor>(EngineModels.CpuBackendName, backend, new StopwatchClock(), tokenize, new OwnedPair(backend, weights));
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public IEngineModel OnCuda() => CudaModels.OpenEncoderDecoder(load, tokenize);
}
