using PimSim.Devices.Links;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>What connects the GPUs of a node that share out a model.</summary>
public static class GpuGroup
{
    /// <summary>The software that a stack names for collectives, over the link of the GPU's data sheet, or others; null for one GPU alone.</summary>
    /// <param name="catalogue">Where link and software are.</param>
    /// <param name="parts">The GPU and its stack.</param>
    /// <param name="gpus">GPUs, from 1 on.</param>
    /// <param name="collectives">Software of collectives; null for that of the stack.</param>
    /// <param name="link">Link; null for that of the data sheet.</param>
    /// <exception cref="PimSimUserException">The GPU has no link, the stack no collectives, or such a group cannot be.</exception>
    public static CollectiveModel? Connect(HardwareCatalogue catalogue, GpuParts parts, int gpus, string? collectives = null, string? link = null)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentOutOfRangeException.ThrowIfLessThan(gpus, 1);
        if (gpus == 1)
        {
            return null;
        }

        link ??= parts.Gpu.PeerLink;
        collectives ??= parts.Stack.Collectives;
        if (link is null)
        {
            throw new PimSimUserException($"the data sheet of '{parts.Gpu.Name}' names no link between GPUs, so {gpus} of them cannot share a model");
        }

        if (collectives is null)
        {
            throw new PimSimUserException(
                $"stack '{parts.Stack.Name}' names no 'collectives', so it runs on one GPU and not on {gpus}; it can name one of {string.Join(", ", catalogue.Collectives.Names)}");
        }

        ProblemList problems = new();
        var connection = LinkSpecification.Read(catalogue.Links.Open(link, problems));
        var software = CollectiveStack.Read(catalogue.Collectives.Open(collectives, problems), catalogue.Collectives);
        problems.ThrowIfAny();
        return new CollectiveModel(software, parts.Gpu.ArchitectureName, new CollectiveGroup(gpus, connection));
    }
}
