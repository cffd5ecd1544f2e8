using System.Globalization;
using PimSim.Devices.Dram;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>What another simulator did with a trace, in PimSim's cycles.</summary>
internal sealed class PeerRun
{
    // Spellings of DRAMsim3, Ramulator 2.1 and DRAMSys 5.1.
    private static readonly Dictionary<string, DramCommand> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["activate"] = DramCommand.ACT,
        ["read"] = DramCommand.RD,
        ["write"] = DramCommand.WR,
        ["precharge"] = DramCommand.PRE,
        ["refresh"] = DramCommand.REFab,
        ["PREpb"] = DramCommand.PRE,
        ["PREab"] = DramCommand.PREA,
        ["ACT"] = DramCommand.ACT,
        ["RD"] = DramCommand.RD,
        ["WR"] = DramCommand.WR,
        ["REFab"] = DramCommand.REFab,
    };

    private PeerRun(List<BusCommand> commands, List<Service> services)
    {
        Commands = commands;
        Services = services;
    }

    public List<BusCommand> Commands { get; }

    /// <summary>By request. DRAMsim3 and Ramulator call a write done as soon as it waits or is issued.</summary>
    public List<Service> Services { get; }

    public static PeerRun Load(string folder, string trace, DramOrganization organization)
    {
        // DRAMsim3's driver ticks before it offers a request, Ramulator's after; Ramulator counts no cycle for the return.
        bool isDramSim3 = folder.StartsWith("dramsim3", StringComparison.Ordinal);
        int late = isDramSim3 ? 1 : 0;
        int doneLate = isDramSim3 ? 1 : folder.StartsWith("ramulator", StringComparison.Ordinal) ? -1 : 0;
        List<BusCommand> commands = [];
        foreach (string[] fields in Rows($"{folder}/{trace}.cmd.csv"))
        {
            DramCommand command = Names[fields[1]];
            int[] at = [.. fields[3..].Select(field => int.Parse(field, CultureInfo.InvariantCulture))];
            bool isOfBank = command is not (DramCommand.PREA or DramCommand.REFab);
            int bank = organization.BankIndex(at[0], isOfBank ? at[1] : 0, isOfBank ? at[2] : 0);
            int row = command is DramCommand.ACT or DramCommand.RD or DramCommand.WR ? at[3] : -1;
            int column = command is DramCommand.RD or DramCommand.WR ? at[4] : -1;
            commands.Add(new BusCommand(long.Parse(fields[0], CultureInfo.InvariantCulture) - late, command, bank, row, column));
        }

        commands.Sort(BusCommand.InOrder);
        List<Service> services = [.. Rows($"{folder}/{trace}.lat.csv").Select(fields =>
            new Service(long.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[2], CultureInfo.InvariantCulture) - doneLate))];
        return new PeerRun(commands, services);
    }

    private static IEnumerable<string[]> Rows(string file) =>
        File.ReadLines(SharedData.Require($"golden/dram/{file}")).Skip(1).Select(line => line.Split(','));
}
