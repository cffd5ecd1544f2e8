using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads.Engines;

/// <summary>A model that its technique builds, on a backend for networks; where numbers are computed its weights are drawn.</summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
/// <param name="backendName">A name of <see cref="EngineModels.Backends"/>.</param>
/// <param name="network">Computes.</param>
/// <param name="shape">The model.</param>
/// <param name="clock">Times its operators; null where nothing is computed.</param>
/// <param name="owned">Disposed with the model.</param>
public sealed class NetworkEngineModel<TTensor>(string backendName, INetworkBackend<TTensor> network, NetworkShape shape, IOperatorClock? clock = null, IDisposable? owned = null)
    : BackedModel(backendName, clock, tokenize: null, owned)
    where TTensor : ITensor
{
    /// <inheritdoc/>
    public override string Name => network.HasData ? $"{shape.Name} with random weights" : shape.Name;

    /// <inheritdoc/>
    public override int Vocab => shape.Sizes.GetValueOrDefault("vocab", 1);

    /// <inheritdoc/>
    public override ModelFootprint Footprint(ITechnique technique, GenerationRequest request) => new GenerationSource(shape, technique, request).Footprint;

    /// <inheritdoc/>
    public override IEnumerable<Step> Run(ITechnique technique, GenerationRequest request, ReadOnlyMemory<int> prompt)
    {
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        return technique.Run(new EngineSession<TTensor>(network, shape, Clock, request.Seed), request, prompt);
    }
}
