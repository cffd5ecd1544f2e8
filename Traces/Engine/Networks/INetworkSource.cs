using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Networks;

/// <summary>A backend of one model that runs other networks beside it.</summary>
/// <typeparam name="TTensor">The tensor of both.</typeparam>
public interface INetworkSource<TTensor>
    where TTensor : ITensor
{
    /// <summary>Runs networks on the tensors of the backend.</summary>
    INetworkBackend<TTensor> Network { get; }

    /// <summary>The weights of the model; null where there are no numbers.</summary>
    IModelWeights? Weights { get; }
}
