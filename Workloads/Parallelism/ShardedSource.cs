using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Parallelism;

/// <summary>The part that one of N devices has in the steps of a model.</summary>
/// <param name="whole">Steps of the whole model.</param>
/// <param name="footprint">What one device holds.</param>
/// <param name="shard">The part of one device in a step.</param>
internal sealed class ShardedSource(IStepSource whole, ModelFootprint footprint, Func<Step, Step> shard) : IStepSource
{
    /// <inheritdoc/>
    public ModelFootprint Footprint => footprint;

    /// <inheritdoc/>
    public IEnumerable<Step> Steps() => whole.Steps().Select(shard);
}
