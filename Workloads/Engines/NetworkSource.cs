using System.Diagnostics.CodeAnalysis;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Engines;

/// <summary>A model that its technique builds.</summary>
[SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes the model, and with it the backend.")]
internal sealed class NetworkSource(NetworkShape shape) : IModelSource
{
    public IEngineModel OnShape() => new NetworkEngineModel<ShapeTensor>(EngineModels.ShapeBackendName, new ShapeNetwork(shape.ActivationType), shape);

    public IEngineModel OnCpu(int threads)
    {
        CpuNetwork network = new(threads);
        return new NetworkEngineModel<CpuTensor>(EngineModels.CpuBackendName, network, shape, new StopwatchClock(), network);
    }

    public IEngineModel OnCuda() => throw new PimSimUserException($"'{shape.Name}' is a {shape.Family}, which the cuda backend does not run; use cpu or shape");
}
