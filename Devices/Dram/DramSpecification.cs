namespace PimSim.Devices.Dram;

/// <summary>How commands reach the devices of a channel.</summary>
public enum CommandBus : byte
{
    /// <summary>All commands over one bus.</summary>
    Shared,

    /// <summary>Row commands (activate, precharge, refresh) and column commands over a bus each, as in HBM.</summary>
    Split,
}

/// <summary>How often a channel must be refreshed, in cycles; 0 where the standard has no such command.</summary>
/// <param name="AllBankInterval">tREFI: between refreshes of a whole rank.</param>
/// <param name="PerBankInterval">Between two REFpb of a rank, to one bank after the other.</param>
/// <param name="SameBankInterval">Between two REFsb of a rank, to one bank number after the other.</param>
/// <param name="MostPostponed">Refreshes that may be owed at any time (JEDEC).</param>
public sealed record RefreshTiming(int AllBankInterval, int PerBankInterval, int SameBankInterval, int MostPostponed);

/// <summary>One channel of a memory: organisation, timing rules in cycles and power; everything resolved to numbers.</summary>
public sealed record DramSpecification
{
    /// <summary>Name of the catalogue entry or file.</summary>
    public required string Name { get; init; }

    /// <summary>Levels and sizes.</summary>
    public required DramOrganization Organization { get; init; }

    /// <summary>Clock period in picoseconds.</summary>
    public required int ClockPs { get; init; }

    /// <summary>Timings by name, in cycles: nCL, nRCD ...</summary>
    public required IReadOnlyDictionary<string, long> Timings { get; init; }

    /// <summary>Rules between pairs of commands, without the occupancy of the command bus.</summary>
    public required IReadOnlyList<TimingRule> Rules { get; init; }

    /// <summary>Rules on windows.</summary>
    public required IReadOnlyList<WindowRule> Windows { get; init; }

    /// <summary>Command buses.</summary>
    public required CommandBus Bus { get; init; }

    /// <summary>Cycles that each command occupies its bus, by <see cref="DramCommand"/>.</summary>
    public required IReadOnlyList<int> CommandCycles { get; init; }

    /// <summary>From the issue of a read to the first data on the bus.</summary>
    public required int ReadLatencyCycles { get; init; }

    /// <summary>From the issue of a write to the first data on the bus.</summary>
    public required int WriteLatencyCycles { get; init; }

    /// <summary>Cycles of one burst on the data bus.</summary>
    public required int BurstCycles { get; init; }

    /// <summary>Refresh intervals and limits.</summary>
    public required RefreshTiming Refresh { get; init; }

    /// <summary>Currents or energies per bit; null if the source has none.</summary>
    public DramPowerSheet? Power { get; init; }
}
