using PimSim.Devices.Gpu;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>A GPU with the energies of its silicon and the software that runs on it, out of the catalogue.</summary>
/// <param name="Gpu">Data sheet.</param>
/// <param name="Silicon">Energies of its architecture.</param>
/// <param name="Stack">Software.</param>
public sealed record GpuParts(GpuSpecification Gpu, GpuSilicon Silicon, GpuStack Stack)
{
    /// <summary>Opens the parts by name.</summary>
    /// <exception cref="PimSimUserException">One is unknown or its file is wrong.</exception>
    public static GpuParts Open(HardwareCatalogue catalogue, string device, string stack)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        string[] variants = [.. catalogue.Gpus.Names.Where(name => name.StartsWith($"{device}-", StringComparison.Ordinal))];
        if (!catalogue.Gpus.Contains(device) && variants.Length > 0)
        {
            throw new PimSimUserException($"there are several GPUs '{device}': {string.Join(", ", variants)}");
        }

        ProblemList problems = new();
        CatalogueEntry card = catalogue.Gpus.Open(device, problems);
        CatalogueEntry software = catalogue.Stacks.Open(stack, problems);
        if (software.Root.Optional("class").RawText != GpuStack.ClassName)
        {
            throw new PimSimUserException($"the stack '{stack}' is not one of tile kernels on a GPU ({software.Root.File}: 'class: {GpuStack.ClassName}' is needed)");
        }

        (GpuParts parts, _) = Read(catalogue, card, software, problems);
        problems.ThrowIfAny();
        return parts;
    }

    /// <summary>Reads entries that are open. Faults go to the problem list; the result counts only if there are none.</summary>
    /// <returns>The parts, and the entry of the silicon.</returns>
    internal static (GpuParts Parts, CatalogueEntry Silicon) Read(HardwareCatalogue catalogue, CatalogueEntry card, CatalogueEntry software, ProblemList problems)
    {
        GpuSpecification gpu = GpuSpecification.Read(card, catalogue.Memories, catalogue.Standards);
        CatalogueEntry silicon = catalogue.Silicon.Open(gpu.ArchitectureName, problems);
        return (new GpuParts(gpu, GpuSilicon.Read(silicon), GpuStack.Read(software, catalogue.Stacks)), silicon);
    }
}
