using PimSim.Devices.Gpu;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using PimSim.Workloads.Parallelism;

namespace PimSim.Experiments.Serving;

/// <summary>
/// One copy of a model on the stages of a pipeline, with as many batches in flight. Every stage, the links out of it and the host are used by one
/// batch at a time, in the order in which the batches were composed, which is the order at all of them: none overtakes another.
/// </summary>
public sealed class PipelineReplica : IServingReplica
{
    private readonly GpuPipeline _device;
    private readonly BatchSteps _steps;
    private readonly PipelineParallelism _parallelism;
    private readonly bool _prefill;
    private readonly Picoseconds[] _stageFree;
    private readonly Picoseconds[] _linkFree;
    private Picoseconds _hostFree;
    private int _index;

    /// <summary>Puts a model onto stages.</summary>
    /// <param name="device">The stages, with the model loaded.</param>
    /// <param name="steps">The model's operators.</param>
    /// <param name="parallelism">How the stages share them out.</param>
    /// <param name="model">The model.</param>
    /// <param name="capacityTokens">Tokens that fit every stage.</param>
    /// <param name="prefill">Whether prompts are read.</param>
    internal PipelineReplica(GpuPipeline device, BatchSteps steps, PipelineParallelism parallelism, ModelShape model, long capacityTokens, bool prefill)
    {
        _device = device;
        _steps = steps;
        _parallelism = parallelism;
        _prefill = prefill;
        _stageFree = new Picoseconds[device.Stages];
        _linkFree = new Picoseconds[device.Stages];
        KvCapacityTokens = capacityTokens;
        KvBytesPerToken = device.KvBytes(model.Footprint(1, 1));
        ModelLengthTokens = model.MaxPositions;
    }

    /// <inheritdoc/>
    public CostLedger Ledger => _device.Ledger;

    /// <inheritdoc/>
    public long KvCapacityTokens { get; }

    /// <inheritdoc/>
    public long KvBytesPerToken { get; }

    /// <inheritdoc/>
    public long ModelLengthTokens { get; }

    /// <inheritdoc/>
    public int BatchesInFlight => _device.Stages;

    /// <inheritdoc/>
    public Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start)
    {
        ReadOnlySpan<SequenceGroup> computed = _prefill ? groups : groups[..SequenceGroup.FirstPrompt(groups)];
        if (computed.IsEmpty)
        {
            return start;
        }

        Step whole = _steps.Build(_index++, computed);
        Step[] parts = _parallelism.Cut(whole);
        Picoseconds now = start;
        for (int stage = 0; stage < parts.Length; stage++)
        {
            now = _device.RunStage(stage, parts[stage], Picoseconds.Max(now, _stageFree[stage]));
            _stageFree[stage] = now;
            if (stage + 1 < parts.Length)
            {
                now = _device.Send(parts[stage].Blocks[^1].Operators[0], Picoseconds.Max(now, _linkFree[stage]));
                _linkFree[stage] = now;
            }
        }

        _hostFree = _device.RunHost(whole.Phase == Phase.Prefill, whole.CommittedTokens, Picoseconds.Max(now, _hostFree));
        return _hostFree;
    }

    /// <inheritdoc/>
    public void Rest(Picoseconds until) => _device.RestAll(until);
}
