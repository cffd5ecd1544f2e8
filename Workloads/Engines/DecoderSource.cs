using System.Diagnostics.CodeAnalysis;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Workloads.Engines;

/// <summary>A decoder-only model. Weights are read only where numbers are computed.</summary>
[SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes the model, and with it backend and weights.")]
internal sealed class DecoderSource(Func<ModelShape> shape, Func<IModelWeights> load, Func<string, int[]>? tokenize) : IModelSource
{
    public IEngineModel OnShape() => new EngineModel<ShapeTensor>(EngineModels.ShapeBackendName, new ShapeBackend(shape()), clock: null, tokenize);

    public IEngineModel OnCpu(int threads)
    {
        IModelWeights weights = load();
        try
        {
            CpuBackend backend = new(weights, threads);
            return new EngineModel<CpuTensor>(EngineModels.CpuBackendName, backend, new StopwatchClock(), tokenize, new OwnedPair(backend, weights));
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public IEngineModel OnCuda() => CudaModels.Open(load, tokenize);
}
