using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Configurations;

/// <summary>What a DRAMsim3 configuration file says, in PimSim's terms.</summary>
public sealed record DramSim3Configuration
{
    /// <summary>The file as the user named it.</summary>
    public required string File { get; init; }

    /// <summary>DDR3, DDR4, GDDR5, GDDR5X, GDDR6, LPDDR, LPDDR3, LPDDR4, HBM or HBM2.</summary>
    public required string Protocol { get; init; }

    /// <summary>Levels and sizes of one channel.</summary>
    public required DramOrganization Organization { get; init; }

    /// <summary>Channels.</summary>
    public required int Channels { get; init; }

    /// <summary>Clock period in picoseconds.</summary>
    public required int ClockPs { get; init; }

    /// <summary>Timings in cycles under PimSim's names: nCL, nRCD, nRRDS ...</summary>
    public required IReadOnlyDictionary<string, long> Timings { get; init; }

    /// <summary>Supply voltage (VDD, volts) and currents (IDD0 ..., mA per device) by their names; empty if the file has none.</summary>
    public required IReadOnlyDictionary<string, decimal> Currents { get; init; }

    /// <summary>The address mapping by name, as <see cref="Mapping.AddressMapping.Parse"/> reads it.</summary>
    public required string AddressMapping { get; init; }

    /// <summary>True if banks are closed behind every access (CLOSE_PAGE).</summary>
    public required bool ClosesRows { get; init; }

    /// <summary>True if single banks are refreshed (BANK_LEVEL_STAGGERED).</summary>
    public required bool RefreshesSingleBanks { get; init; }

    /// <summary>True if ranks are refreshed at different times.</summary>
    public required bool StaggersRefresh { get; init; }

    /// <summary>True if commands wait in a queue for each bank, false if for each rank.</summary>
    public required bool QueuesPerBank { get; init; }

    /// <summary>Commands that each queue holds.</summary>
    public required int CommandQueueSize { get; init; }

    /// <summary>Requests that wait before the command queues.</summary>
    public required int TransactionQueueSize { get; init; }

    /// <summary>True if reads and writes share the transaction queue.</summary>
    public required bool UnifiedQueue { get; init; }

    /// <summary>True if row and column commands go over buses of their own (HBM).</summary>
    public required bool SplitCommandBus { get; init; }

    /// <summary>Keys of the file that PimSim does not model, as <c>section.key</c>.</summary>
    public required IReadOnlyList<string> Ignored { get; init; }

    /// <summary>What was read differently from how it stands in the file, and why; one sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="PimSimUserException">The file can't be read or contradicts itself; every fault with its line.</exception>
    public static DramSim3Configuration Load(string path) => new DramSim3Reader(path).Read();
}
