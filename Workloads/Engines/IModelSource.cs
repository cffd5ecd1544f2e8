namespace PimSim.Workloads.Engines;

/// <summary>A model that can be opened on backends.</summary>
internal interface IModelSource
{
    /// <summary>Shapes alone.</summary>
    IEngineModel OnShape();

    /// <summary>On the processor.</summary>
    IEngineModel OnCpu(int threads);

    /// <summary>On a GPU.</summary>
    IEngineModel OnCuda();
}
