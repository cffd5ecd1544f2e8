using PimSim.Devices.Dram.Configurations;
using PimSim.Devices.Dram.Mapping;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Controller;

/// <summary>A memory system as a user describes it: memory, controller, channels, address mapping.</summary>
public sealed record DramSetup
{
    private const string DramSim3Extension = ".ini";

    /// <summary>One channel's memory.</summary>
    public required DramSpecification Memory { get; init; }

    /// <summary>Every channel's controller.</summary>
    public required ControllerPolicy Policy { get; init; }

    /// <summary>Where an address lies; has the number of channels.</summary>
    public required AddressMapping Mapping { get; init; }

    /// <summary>What was asked for and is read or done differently; one sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Puts a memory system together.</summary>
    /// <param name="configuration">A memory of the catalogue, a memory file (YAML), or a DRAMsim3 configuration (.ini).</param>
    /// <param name="policy">A controller of the catalogue or a file; null for the configuration's own.</param>
    /// <param name="mapping">An address mapping; null for the configuration's or the controller's own.</param>
    /// <param name="channels">Channels; null for the configuration's own, or one.</param>
    /// <exception cref="PimSimUserException">Something is unknown, wrong or does not fit together.</exception>
    public static DramSetup Open(string configuration, string? policy, string? mapping, int? channels)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (IsDramSim3(configuration))
        {
            return OpenDramSim3(configuration, policy, mapping, channels);
        }

        DramSpecification memory = DramCatalogue.Open(configuration);
        ControllerPolicy controller = ControllerCatalogue.Open(policy ?? ControllerCatalogue.Default);
        return new DramSetup
        {
            Memory = memory,
            Policy = controller,
            Mapping = AddressMapping.Parse(mapping ?? controller.Mapping, memory.Organization, channels ?? 1),
            Notes = [],
        };
    }

    /// <summary>The memory of a configuration alone.</summary>
    /// <exception cref="PimSimUserException">It is unknown or wrong.</exception>
    public static DramSpecification OpenMemory(string configuration) =>
        IsDramSim3(configuration) ? DramSim3Memory.Resolve(DramSim3Configuration.Load(configuration)) : DramCatalogue.Open(configuration);

    private static bool IsDramSim3(string configuration) => configuration.EndsWith(DramSim3Extension, StringComparison.OrdinalIgnoreCase);

    private static DramSetup OpenDramSim3(string path, string? policy, string? mapping, int? channels)
    {
        DramSim3Configuration configuration = DramSim3Configuration.Load(path);
        DramSpecification memory = DramSim3Memory.Resolve(configuration);
        ControllerPolicy controller = policy is null ? DramSim3Memory.Policy(configuration) : ControllerCatalogue.Open(policy);
        return new DramSetup
        {
            Memory = memory,
            Policy = controller,
            Mapping = AddressMapping.Parse(mapping ?? configuration.AddressMapping, memory.Organization, channels ?? configuration.Channels),
            Notes = [.. configuration.Notes, .. DramSim3Memory.Differences(configuration)],
        };
    }
}
