using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Parallelism;

/// <summary>The part that one of N devices has in the steps of a model.</summary>
public sealed class TensorParallelSource : IStepSource
{
    private readonly IStepSource _whole;
    private readonly TensorParallelism _parallelism;

    /// <summary>Cuts the steps of <paramref name="whole"/>.</summary>
    public TensorParallelSource(IStepSource whole, TensorParallelism parallelism)
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
