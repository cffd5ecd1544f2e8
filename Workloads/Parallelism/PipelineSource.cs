using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Parallelism;

/// <summary>The part that one of N devices has in the steps of a model that is cut into stages: that of one device of each stage.</summary>
public sealed class PipelineSource : IStepSource
{
    private readonly IStepSource _whole;
    private readonly PipelineParallelism _parallelism;

    /// <summary>Cuts the steps of <paramref name="whole"/>.</summary>
    public PipelineSource(IStepSource whole, PipelineParallelism parallelism)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(parallelism);
        _whole = whole;
        _parallelism = parallelism;
        Footprint = parallelism.Shard(whole.Footprint);
    }

    /// <inheritdoc/>
    public ModelFootprint Footprint { get; }

    /// <inheritdoc/>
    public IEnumerable<Step> Steps() => _whole.Steps().Select(_parallelism.Shard);
}
