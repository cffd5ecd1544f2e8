using PimSim.Devices.Dram;
using PimSim.Simulator.Kernel;

namespace PimSim.Devices.Pim;

/// <summary>Where the energy of a PIM system goes. The order is that of <see cref="PimEnergy.Components"/>.</summary>
public enum PimEnergyComponent
{
    /// <summary>Opening and closing rows.</summary>
    Activate,

    /// <summary>DRAM side of multiply-accumulate: reading columns inside the banks.</summary>
    MacArray,

    /// <summary>Multipliers and adder trees of the banks.</summary>
    MacUnits,

    /// <summary>Reads and writes through the pins, without the pins.</summary>
    BankAccess,

    /// <summary>Refresh.</summary>
    Refresh,

    /// <summary>Standby of the DRAM.</summary>
    Standby,

    /// <summary>Pins of the channels.</summary>
    Io,

    /// <summary>Additions and multiplications of the ASIC.</summary>
    AsicDynamic,

    /// <summary>Static power of the ASIC.</summary>
    AsicStatic,
}

/// <summary>Turns command counts and time into energy, in whole attojoules.</summary>
public sealed class PimEnergy
{
    private readonly PimMemory _memory;
    private readonly Energy _macArray;
    private readonly Energy _macUnits;

    /// <summary>Prepares the energies of a memory's commands.</summary>
    public PimEnergy(PimMemory memory)
    {
        _memory = memory;
        _macArray = new Energy((Int128)Math.Round((decimal)memory.Power.Read.Attojoules * memory.MacReadFactor));

        // The units of a channel work as long as a MAC command takes.
        long macCycles = Math.Max(1, memory.Channel.Timing.OnChannel(DramCommand.MACAB, DramCommand.MACAB));
        _macUnits = memory.UnitPower * memory.Clock.TimeOf(new Cycles(macCycles));
    }

    /// <summary>Names of the components in the order of <see cref="PimEnergyComponent"/>.</summary>
    public static IReadOnlyList<string> Components { get; } =
        ["activate", "mac-array", "mac-units", "bank-access", "refresh", "standby", "io", "asic-dynamic", "asic-static"];

    /// <summary>Commands that move one column access over a channel's pins.</summary>
    public static long AccessesOverPins(ChannelCounters counters) =>
        counters.Commands(DramCommand.RD) + counters.Commands(DramCommand.WR) + counters.Commands(DramCommand.WRBK)
        + counters.Commands(DramCommand.WRGB) + counters.Commands(DramCommand.WRBIAS) + counters.Commands(DramCommand.RDMAC)
        + counters.Commands(DramCommand.RDAF);

    /// <summary>Books the energy of commands and open banks, all channels together.</summary>
    public void BookCommands(CostLedger ledger, int row, ChannelCounters counters)
    {
        DramPower power = _memory.Power;
        int banks = _memory.Channel.Organization.Banks;
        long activations = counters.Commands(DramCommand.ACT) + (counters.Commands(DramCommand.ACT16) * banks);
        Add(ledger, row, PimEnergyComponent.Activate, power.Activate * activations);
        Add(ledger, row, PimEnergyComponent.MacArray, _macArray * counters.Commands(DramCommand.MACAB));
        Add(ledger, row, PimEnergyComponent.MacUnits, _macUnits * counters.Commands(DramCommand.MACAB));
        Add(ledger, row, PimEnergyComponent.BankAccess, (power.Read * counters.Commands(DramCommand.RD)) + (power.Write * counters.Commands(DramCommand.WR)));
        Add(ledger, row, PimEnergyComponent.Refresh, power.Refresh * counters.Commands(DramCommand.REFab));
        Add(ledger, row, PimEnergyComponent.Io, _memory.IoPerAccess * AccessesOverPins(counters));
        Add(ledger, row, PimEnergyComponent.Standby, power.StandbyPerOpenBank * _memory.Clock.TimeOf(new Cycles(counters.OpenBankCycles)));
    }

    /// <summary>Books what all channels draw with their banks closed.</summary>
    public void BookStandby(CostLedger ledger, int row, Picoseconds span) =>
        Add(ledger, row, PimEnergyComponent.Standby, _memory.Power.Standby * span * _memory.Channels);

    private static void Add(CostLedger ledger, int row, PimEnergyComponent component, Energy energy) => ledger.Add(row, (int)component, energy);
}
