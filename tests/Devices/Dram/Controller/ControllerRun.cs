using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>One run of the product's controller, and what must hold of every run.</summary>
internal sealed class ControllerRun
{
    private readonly DramSpecification _memory;
    private readonly ControllerPolicy _policy;
    private readonly IReadOnlyList<DramRequest> _requests;

    public ControllerRun(
        DramSpecification memory, ControllerPolicy policy, IReadOnlyList<DramRequest> requests, Scan scan = Scan.ByLoad, int rebaseAt = 1 << 30, int lastSequence = 1 << 27)
    {
        _memory = memory;
        _policy = policy;
        _requests = requests;
        DramController controller = new(memory, policy, Seen, scan, rebaseAt: rebaseAt, lastSequence: lastSequence);
        long next = 0;
        foreach (DramRequest request in requests)
        {
            next = controller.Accept(request, Math.Max(request.ArrivalCycle, next)) + 1;
        }

        Statistics = controller.Finish();
    }

    public EventRecorder Seen { get; } = new();

    public ChannelStatistics Statistics { get; }

    private string Name => $"{_memory.Name}, {_memory.Organization.TotalRanks} ranks, {_policy}";

    /// <summary>The plain controller issues the same commands in the same cycles.</summary>
    public void AssertIsTickByTick(bool skipsIdle = false)
    {
        EventRecorder expected = new();
        TickByTickController plain = new(_memory, _policy, expected);
        plain.Run(_requests, skipsIdle);
        string? difference = Seen.DifferenceFrom(expected);
        Assert.True(difference is null, $"{Name}:\n{difference}");
    }

    public void AssertIs(ControllerRun other)
    {
        string? difference = Seen.DifferenceFrom(other.Seen);
        Assert.True(difference is null, $"{Name}:\n{difference}");
    }

    /// <summary>The independent checker finds nothing.</summary>
    public void AssertIsLegal()
    {
        ViolationLog log = Check(_memory);
        Assert.True(log.Count == 0, $"{Name}:\n{string.Join('\n', log.Texts)}");
    }

    /// <summary>What the checker finds by the rules of a memory.</summary>
    public ViolationLog Check(DramSpecification memory)
    {
        // The checker judges a memory that has to be refreshed; a policy without refresh is not to be blamed for it.
        TimingChecker checker = new(memory, new TimingCheckerOptions { CountsRefreshes = _policy.Refresh != RefreshCommand.None });
        foreach (ControllerEvent command in Seen.Commands)
        {
            checker.Observe(command.Cycle, command.Command, command.Bank, command.Row, Math.Max(command.Column, 0));
        }

        return checker.Log;
    }

    /// <summary>Nothing is lost or counted twice.</summary>
    public void AssertConserves()
    {
        Assert.Equal(_requests.Select(request => request.Id), Seen.Completions.Select(done => done.Id).Order());
        Dictionary<long, DramRequest> byId = _requests.ToDictionary(request => request.Id);
        long answered = 0;
        foreach (ControllerEvent done in Seen.Completions)
        {
            DramRequest request = byId[done.Id];
            Assert.True(done.Cycle >= request.ArrivalCycle, Name);
            bool isAnswered = done.Done == done.Cycle + 1;
            answered += isAnswered ? 1 : 0;
            int unloaded = 1 + (request.IsWrite ? _memory.WriteLatencyCycles : _memory.ReadLatencyCycles) + _memory.BurstCycles;
            Assert.True(isAnswered || done.Done - done.Cycle >= unloaded, Name);
        }

        long columns = Seen.Commands.Count(command => command.Command.IsColumn());
        Assert.Equal(_requests.Count, columns + answered);
        Assert.Equal(answered, Statistics.ForwardedReads + Statistics.MergedWrites);
        Assert.Equal(_requests.Count(request => !request.IsWrite), Statistics.Reads);
        Assert.Equal(_requests.Count(request => request.IsWrite), Statistics.Writes);
        Assert.Equal(columns, Statistics.RowHits + Statistics.RowMisses + Statistics.RowConflicts);
        Assert.Equal(Seen.Commands.Count(), Statistics.TotalCommands);
        Assert.Equal(Statistics.Cycles * _memory.Organization.PseudoChannels, Sum(Statistics.BusCycles));
        Assert.Equal(columns * _memory.BurstCycles, Statistics.BusCycles[(int)BusUse.Data]);
        Assert.Equal(Seen.Completions.Max(done => done.Done), Statistics.Cycles);
        AssertRefreshes();
    }

    private void AssertRefreshes()
    {
        long issued = Seen.Commands.Count(command => command.Command is DramCommand.REFab or DramCommand.REFpb or DramCommand.REFsb);
        Assert.Equal(issued, Statistics.RefreshesIssued);
        (long interval, int targets) = _policy.Refresh switch
        {
            RefreshCommand.AllBank => (_memory.Refresh.AllBankInterval, 1),
            RefreshCommand.PerBank => (_memory.Refresh.PerBankInterval, _memory.Organization.BanksPerRank),
            RefreshCommand.SameBank => (_memory.Refresh.SameBankInterval, _memory.Organization.BanksPerGroup),
            _ => (0, 1),
        };
        if (interval == 0)
        {
            Assert.Equal(0, issued + Statistics.RefreshesExpected);
            return;
        }

        // The run ends with the last command; a refresh that comes due with its data no longer counts.
        int ranks = _memory.Organization.TotalRanks;
        long last = Seen.Commands.Select(command => command.Cycle).Concat(Seen.Completions.Select(done => done.Cycle)).Max();
        long expected = Enumerable.Range(1, ranks).Sum(number =>
        {
            long first = (_policy.StaggersRefresh ? interval * number / ranks : interval) - _policy.RefreshLeadCycles;
            return last < first ? 0 : 1 + ((last - first) / interval);
        });
        Assert.Equal(expected, Statistics.RefreshesExpected);
        long mayBeOwed = ranks * ((Math.Min(_policy.PostponedRefreshes, _memory.Refresh.MostPostponed) * targets) + 2L);
        Assert.InRange(expected - issued, 0, mayBeOwed);
    }

    private static long Sum(ReadOnlySpan<long> values)
    {
        long sum = 0;
        foreach (long value in values)
        {
            sum += value;
        }

        return sum;
    }
}
