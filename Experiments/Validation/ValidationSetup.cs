using PimSim.Devices.Gpu;
using PimSim.Devices.Links;
using PimSim.Devices.Systems;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Validation;

/// <summary>A device and its software out of the catalogue, as often as threads need it.</summary>
public sealed class ValidationSetup
{
    /// <summary>Software of collectives where none is named: NVIDIA's library, which the frameworks of all shipped stacks call.</summary>
    public const string DefaultCollectives = "nccl-2.27";

    private readonly GpuSpecification _gpu;
    private readonly GpuSilicon _silicon;
    private readonly GpuStack _stack;
    private readonly CollectiveStack _collectives;
    private readonly LinkSpecification? _link;

    private ValidationSetup(GpuSpecification gpu, GpuSilicon silicon, GpuStack stack, CollectiveStack collectives, LinkSpecification? link)
    {
        _gpu = gpu;
        _silicon = silicon;
        _stack = stack;
        _collectives = collectives;
        _link = link;
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

        string[] variants = [.. catalogue.Gpus.Names.Where(name => name.StartsWith($"{request.Device}-", StringComparison.Ordinal))];
        if (!catalogue.Gpus.Contains(request.Device) && variants.Length > 0)
        {
            throw new PimSimUserException($"there are several GPUs '{request.Device}': {string.Join(", ", variants)}");
        }

        ProblemList problems = new();
        GpuSpecification gpu = GpuSpecification.Read(catalogue.Gpus.Open(request.Device, problems), catalogue.Memories, catalogue.Standards);
        CatalogueEntry stackEntry = catalogue.Stacks.Open(request.Stack, problems);
        if (stackEntry.Root.Optional("class").RawText != "gpu")
        {
            throw new PimSimUserException($"the stack '{request.Stack}' is not one of tile kernels on a GPU ({stackEntry.Root.File}: 'class: gpu' is needed)");
        }

        GpuStack stack = GpuStack.Read(stackEntry);
        problems.ThrowIfAny();
        GpuSilicon silicon = GpuSilicon.Read(catalogue.Silicon.Open(gpu.Architecture.ToString().ToLowerInvariant(), problems));
        CollectiveStack collectives = CollectiveStack.Read(catalogue.Collectives.Open(request.Collectives ?? DefaultCollectives, problems), catalogue.Collectives);
        LinkSpecification? link = (request.Link ?? gpu.PeerLink) is { } name ? LinkSpecification.Read(catalogue.Links.Open(name, problems)) : null;
        problems.ThrowIfAny();
        return new ValidationSetup(gpu, silicon, stack, collectives, link);
    }

    /// <summary>A predictor of its own for one thread.</summary>
    public IOperatorPredictor Create() => new GpuPredictor(
        _gpu, _silicon, _stack, _link is null ? null : new CollectivePredictor(_collectives, _gpu.Architecture.ToString().ToLowerInvariant(), _link));
}
