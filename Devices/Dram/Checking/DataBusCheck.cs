namespace PimSim.Devices.Dram.Checking;

/// <summary>No two bursts at a time on the data bus of a pseudo-channel.</summary>
internal sealed class DataBusCheck
{
    public const string Rule = "data bus";

    private readonly DramSpecification _specification;
    private readonly Queue<Burst>[] _bursts;

    public DataBusCheck(DramSpecification specification)
    {
        _specification = specification;
        _bursts = [.. Enumerable.Range(0, specification.Organization.PseudoChannels).Select(_ => new Queue<Burst>())];
    }

    public void Check(in CheckedCommand command, List<Fault> faults)
    {
        if (BurstOf(command) is not Burst burst)
        {
            return;
        }

        // Data need not come in the order of commands: a write may be faster than the read before it.
        foreach (Burst other in BusOf(command))
        {
            if (burst.Start < other.End && other.Start < burst.End)
            {
                faults.Add(new Fault(Rule, $"data in cycles {burst.Start} to {burst.End - 1}, that of {other.Command} in {other.Start} to {other.End - 1}"));
                return;
            }
        }
    }

    public void Note(in CheckedCommand command)
    {
        if (BurstOf(command) is Burst burst)
        {
            Queue<Burst> bus = BusOf(command);
            while (bus.TryPeek(out Burst oldest) && oldest.End <= command.Cycle)
            {
                bus.Dequeue();
            }

            bus.Enqueue(burst);
        }
    }

    private Queue<Burst> BusOf(in CheckedCommand command) => _bursts[_specification.Organization.PseudoChannelOf(command.Bank)];

    private Burst? BurstOf(in CheckedCommand command)
    {
        long start = command.Cycle;
        switch (command.Command)
        {
            case DramCommand.RD or DramCommand.RDA:
                start += _specification.ReadLatencyCycles;
                break;
            case DramCommand.WR or DramCommand.WRA:
                start += _specification.WriteLatencyCycles;
                break;
            default:
                return null;
        }

        return new Burst(command.Command, start, start + _specification.BurstCycles);
    }

    /// <summary><paramref name="End"/> is the first cycle after the burst.</summary>
    private readonly record struct Burst(DramCommand Command, long Start, long End);
}
