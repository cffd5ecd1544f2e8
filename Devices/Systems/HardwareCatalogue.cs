using PimSim.Devices.Asic;
using PimSim.Devices.Cpu;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Gpu;
using PimSim.Devices.Links;
using PimSim.Devices.Pim;
using PimSim.Devices.Stacks;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>All hardware that can be named: devices, memories, DRAM standards, links, software stacks, prices and systems.</summary>
public sealed class HardwareCatalogue
{
    /// <summary>Opens the shipped catalogue and, after it, a user's own folder of the same structure; same names replace.</summary>
    /// <param name="userFolder">The user's folder, if there is one.</param>
    /// <param name="opened">Notes every file that is opened.</param>
    public HardwareCatalogue(string? userFolder, InputFiles? opened = null)
    {
        CatalogueFolder Folder(string singular, string folder) => DramCatalogue.Folder(singular, folder, userFolder, opened);
        Devices = Folder("device", "devices");
        Memories = DramCatalogue.Memories(userFolder, opened);
        Controllers = ControllerCatalogue.Controllers(userFolder, opened);
        Standards = DramCatalogue.Standards(userFolder, opened);
        Stacks = Folder("stack", "stacks");
        Prices = Folder("price", "prices");
        Systems = Folder("system", "systems");
        Gpus = Folder("GPU", "gpus");
        Cpus = Folder("CPU", "cpus");
        Silicon = Folder("silicon", "silicon");
        Links = LinkSpecification.Links(userFolder, opened);
        Collectives = CollectiveStack.Stacks(userFolder, opened);
        NetworkSoftware = PimSim.Devices.Links.NetworkSoftware.Folder(userFolder, opened);
    }

    /// <summary>Memories with processing, and ASICs.</summary>
    public CatalogueFolder Devices { get; }

    /// <summary>Memories without processing.</summary>
    public CatalogueFolder Memories { get; }

    /// <summary>Memory controllers.</summary>
    public CatalogueFolder Controllers { get; }

    /// <summary>Timing rules.</summary>
    public CatalogueFolder Standards { get; }

    /// <summary>GPUs.</summary>
    public CatalogueFolder Gpus { get; }

    /// <summary>CPUs.</summary>
    public CatalogueFolder Cpus { get; }

    /// <summary>Energies of the GPUs' silicon, by architecture.</summary>
    public CatalogueFolder Silicon { get; }

    /// <summary>Software stacks.</summary>
    public CatalogueFolder Stacks { get; }

    /// <summary>Prices.</summary>
    public CatalogueFolder Prices { get; }

    /// <summary>Links between devices, and networks between nodes.</summary>
    public CatalogueFolder Links { get; }

    /// <summary>Software that runs collectives.</summary>
    public CatalogueFolder Collectives { get; }

    /// <summary>Software that sends messages between nodes.</summary>
    public CatalogueFolder NetworkSoftware { get; }

    /// <summary>Systems.</summary>
    public CatalogueFolder Systems { get; }

    /// <summary>Reads an entry by its kind, so that all of its values are noted in it; faults go to its problem list.</summary>
    public void ReadValues(CatalogueEntry entry)
    {
        switch (entry.Kind)
        {
            case "dram-pim":
                PimMemory.Read(entry, Standards);
                break;
            case DramMemory.Kind:
                DramMemory.Read(entry, Standards);
                break;
            case AsicConfiguration.Kind:
                AsicConfiguration.Read(entry);
                break;
            case GpuSpecification.EntryKind:
                GpuSpecification.Read(entry, Memories, Standards);
                break;
            case GpuSilicon.EntryKind:
                GpuSilicon.Read(entry);
                break;
            case SoftwareStack.EntryKind when entry.Root.Optional("class").RawText == GpuStack.ClassName:
                GpuStack.Read(entry, Stacks);
                break;
            case CpuSpecification.EntryKind:
                CpuSpecification.Read(entry, Memories, Standards);
                break;
            case SoftwareStack.EntryKind:
                CpuStack.Read(entry);
                break;
            case LinkSpecification.EntryKind:
                LinkSpecification.Read(entry);
                break;
            case CollectiveStack.EntryKind:
                CollectiveStack.Read(entry, Collectives);
                break;
            case PimSim.Devices.Links.NetworkSoftware.EntryKind:
                PimSim.Devices.Links.NetworkSoftware.Read(entry);
                break;
            case Price.EntryKind:
                Price.Read(entry);
                break;
            default:
                break;
        }
    }
}
