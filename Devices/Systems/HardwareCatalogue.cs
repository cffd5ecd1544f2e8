using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>All hardware that can be named: devices, DRAM standards, software stacks, prices and systems.</summary>
public sealed class HardwareCatalogue
{
    /// <summary>Opens the shipped catalogue and, after it, a user's own folder of the same structure; same names replace.</summary>
    public HardwareCatalogue(string? userFolder)
    {
        string shipped = Path.Combine(AppContext.BaseDirectory, "Catalogue");
        CatalogueFolder Folder(string singular, string folder) =>
            new(singular, userFolder is null ? [Path.Combine(shipped, folder)] : [Path.Combine(shipped, folder), Path.Combine(userFolder, folder)]);
        Devices = Folder("device", "devices");
        Standards = Folder("DRAM standard", "standards");
        Stacks = Folder("stack", "stacks");
        Prices = Folder("price", "prices");
        Systems = Folder("system", "systems");
    }

    /// <summary>Memories, ASICs and processors.</summary>
    public CatalogueFolder Devices { get; }

    /// <summary>Timing rules.</summary>
    public CatalogueFolder Standards { get; }

    /// <summary>Software stacks.</summary>
    public CatalogueFolder Stacks { get; }

    /// <summary>Prices.</summary>
    public CatalogueFolder Prices { get; }

    /// <summary>Systems.</summary>
    public CatalogueFolder Systems { get; }
}
