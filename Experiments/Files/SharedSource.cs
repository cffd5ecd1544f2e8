using PimSim.Devices.Systems;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Parallelism;

namespace PimSim.Experiments.Files;

/// <summary>The part that a device has in the steps of a model.</summary>
public static class SharedSource
{
    /// <summary>The steps as a system's devices share them out: those of one device, with stages of one of each.</summary>
    /// <param name="whole">Steps of the whole model.</param>
    /// <param name="model">The model; null where it is no decoder.</param>
    /// <param name="sharing">How devices share it out.</param>
    /// <exception cref="PimSimUserException">It cannot be shared out like that.</exception>
    public static IStepSource Of(IStepSource whole, ModelShape? model, SystemParallelism sharing)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(sharing);
        if (sharing is { Ranks: 1, Pipeline: 1 })
        {
            return whole;
        }

        if (model is null)
        {
            throw new PimSimUserException($"'{whole.Footprint.Model}' is no plain decoder, and several devices can share out nothing else");
        }

        if (sharing.Data > 1)
        {
            throw new PimSimUserException("its GPUs have sequences of their own ('parallelism: data'), which only serving experiments deal out to them; take a system without");
        }

        return sharing.Pipeline == 1
            ? new TensorParallelism(model, sharing.Tensor, sharing.WholeExperts).Shard(whole)
            : new PipelineParallelism(model, sharing.Tensor, sharing.Pipeline, sharing.WholeExperts).Shard(whole);
    }
}
