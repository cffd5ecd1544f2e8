using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>What PimSim does with a trace.</summary>
internal sealed class OwnRun : IDramObserver
{
    private OwnRun(DramOrganization organization, int requests)
    {
        _banksPerRank = organization.BanksPerRank;
        Services = new Service[requests];
    }

    private readonly int _banksPerRank;

    public List<BusCommand> Commands { get; } = [];

    /// <summary>By request.</summary>
    public Service[] Services { get; }

    public ChannelStatistics Statistics { get; private set; } = null!;

    public static OwnRun Of(DramSpecification memory, ControllerPolicy policy, IRequestSource source, int requests)
    {
        OwnRun run = new(memory.Organization, requests);
        run.Statistics = new DramMemorySystem(memory, policy, 1, _ => run).Run(source, CancellationToken.None)[0];
        run.Commands.Sort(BusCommand.InOrder);
        return run;
    }

    public void OnCommand(long cycle, DramCommand command, int bank, int row, int column)
    {
        bool isOfRank = command is DramCommand.PREA or DramCommand.REFab;
        Commands.Add(new BusCommand(cycle, command, isOfRank ? bank - (bank % _banksPerRank) : bank, row, column));
    }

    public void OnCompletion(long id, long acceptedCycle, long doneCycle) => Services[id] = new Service(acceptedCycle, doneCycle);
}
