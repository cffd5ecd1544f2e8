using PimSim.Devices.Gpu;
using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Parallelism;

namespace PimSim.Experiments.Idealised;

/// <summary>A system that a model gets as much of as it needs: of a system of one GPU, the fewest GPUs that hold it.</summary>
public sealed class IdealisedSystem
{
    // Doubled, because heads are shared out; as many as one node has at most.
    private static readonly int[] Counts = [2, 4, 8, 16];

    private readonly SortedDictionary<int, SystemDefinition> _byGpus = [];
    private readonly string? _end;

    private IdealisedSystem(string label, SystemDefinition one, HardwareCatalogue hardware, IReadOnlyList<ParameterChange> changes)
    {
        Label = label;
        _byGpus[one.Ranks] = one;
        if (one.Ranks > 1 || !one.Parts.Any(part => part.Kind == GpuSpecification.EntryKind))
        {
            return;
        }

        try
        {
            foreach (int count in Counts)
            {
                ProblemList problems = new();
                SystemDefinition? more = SystemDefinition.Read(hardware, one.Name, changes, problems, count);
                problems.ThrowIfAny();
                _byGpus[count] = more!;
            }
        }
        catch (PimSimUserException fault)
        {
            // It has no link or no collectives: one GPU is all there is. Said if a model needs more.
            _end = fault.Message;
        }
    }

    /// <summary>Name in the results.</summary>
    public string Label { get; }

    /// <summary>A system of an experiment, with all numbers of GPUs that it can have.</summary>
    /// <exception cref="PimSimUserException">It serves streams of requests only, or its GPUs share out a model otherwise than by tensor parallelism.</exception>
    public static IdealisedSystem Of(ExperimentSystem system, HardwareCatalogue hardware)
    {
        ArgumentNullException.ThrowIfNull(system);
        if (!system.Definition.Parallelism.IsTensorAlone)
        {
            throw new PimSimUserException($"'{system.Definition.Name}' shares out models by more than 'tensor' ('parallelism'); idealised metrics are those of tensor parallelism");
        }

        return system.Definition.Offload is null
            ? new IdealisedSystem(system.Label, system.Definition, hardware, system.ParameterChanges)
            : throw new PimSimUserException($"'{system.Definition.Name}' offloads attention and serves streams of requests; idealised metrics are those of one request on one node");
    }

    /// <summary>The system that a model runs on.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">Longest sequence.</param>
    /// <param name="gpus">So many GPUs; null: as few as hold it. Systems that have a number of their own keep it.</param>
    /// <exception cref="PimSimUserException">It does not fit, or cannot be shared out.</exception>
    public SystemDefinition For(ModelShape model, int tokens, int? gpus)
    {
        ArgumentNullException.ThrowIfNull(model);
        List<string> faults = [];
        foreach ((int count, SystemDefinition definition) in _byGpus)
        {
            if (gpus is { } wanted && _byGpus.Count > 1 && count != wanted)
            {
                continue;
            }

            try
            {
                definition.CreateDevice(new PimSimulation(Accelerate: true)).Load(new TensorParallelism(model, count).Shard(model.Footprint(tokens, 1)));
                return definition;
            }
            catch (PimSimUserException misfit)
            {
                // Perhaps on more of them; if not, the user sees what each number of GPUs failed of.
                faults.Add(misfit.Message);
            }
        }

        throw new PimSimUserException($"{Label}: {(faults.Count > 0 ? string.Join("; ", faults) : $"{gpus} GPUs are not possible; {string.Join(", ", _byGpus.Keys)} are")}{(_end is null ? "" : $"; more GPUs are not possible: {_end}")}");
    }
}
