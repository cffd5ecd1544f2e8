using PimSim.Devices.Links;
using PimSim.Devices.Systems;
using PimSim.Experiments.Validation.Runs;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Validation;

/// <summary>A device and its software out of the catalogue, as often as threads need it.</summary>
public sealed class ValidationSetup
{
    /// <summary>Software of collectives where neither the request nor the stack names one: NVIDIA's library, which the frameworks of all shipped stacks call.</summary>
    public const string DefaultCollectives = "nccl-2.27";

    private readonly HardwareCatalogue _catalogue;
    private readonly GpuParts _parts;
    private readonly CollectiveStack _collectives;
    private readonly LinkSpecification? _link;
    private readonly string? _chosenCollectives;

    private ValidationSetup(HardwareCatalogue catalogue, GpuParts parts, CollectiveStack collectives, LinkSpecification? link, string? chosenCollectives)
    {
        _catalogue = catalogue;
        _parts = parts;
        _collectives = collectives;
        _link = link;
        _chosenCollectives = chosenCollectives;
        Create();
    }

    /// <summary>Name of the link of the collectives; null where there is none.</summary>
    public string? Link => _link?.Name;

    /// <summary>Name of the software of the collectives.</summary>
    public string Collectives => _collectives.Name;

    /// <summary>Opens the parts.</summary>
    /// <exception cref="PimSimUserException">One is unknown or its file is wrong; the stack does not run on the device.</exception>
    public static ValidationSetup Open(HardwareCatalogue catalogue, ValidationRequest request)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        ArgumentNullException.ThrowIfNull(request);
        if (catalogue.Cpus.Contains(request.Device) && !catalogue.Gpus.Contains(request.Device))
        {
            throw new PimSimUserException($"'{request.Device}' is a CPU; validation predicts GPUs so far: {string.Join(", ", catalogue.Gpus.Names)}");
        }

        GpuParts parts = GpuParts.Open(catalogue, request.Device, request.Stack);
        ProblemList problems = new();
        CollectiveStack collectives = CollectiveStack.Read(catalogue.Collectives.Open(request.Collectives ?? parts.Stack.Collectives ?? DefaultCollectives, problems), catalogue.Collectives);
        LinkSpecification? link = (request.Link ?? parts.Gpu.PeerLink) is { } name ? LinkSpecification.Read(catalogue.Links.Open(name, problems)) : null;
        problems.ThrowIfAny();
        return new ValidationSetup(catalogue, parts, collectives, link, request.Collectives);
    }

    /// <summary>A predictor of its own for one thread.</summary>
    public IOperatorPredictor Create() => new GpuPredictor(
        _parts, _link is null ? null : new CollectivePredictor(_collectives, _parts.Gpu.ArchitectureName, _link));

    /// <summary>A predictor of runs of whole models.</summary>
    /// <param name="zoo">The models by the names of measurements.</param>
    public RunPredictor CreateRunPredictor(ZooShapes zoo) => new(_catalogue, zoo, _parts, _chosenCollectives, Link);
}
