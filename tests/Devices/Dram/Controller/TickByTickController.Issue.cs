using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <content>What is issued in a cycle.</content>
internal sealed partial class TickByTickController
{
    private bool HasTwoBuses => _specification.Bus == CommandBus.Split;

    private void Issue(long cycle, bool isLast)
    {
        if (!HasTwoBuses)
        {
            IssueOnOneBus(cycle);
        }
        else if (_policy.Arbitration == Arbitration.RoundRobin)
        {
            IssueInTurns(cycle);
        }
        else
        {
            if (First(Ready(cycle).Where(candidate => candidate.IsColumn)) is { } column)
            {
                Perform(column, cycle);
            }

            // The run is over with the last access.
            if (!(isLast && IsEmpty))
            {
                IssueRow(cycle);
            }
        }
    }

    private void IssueOnOneBus(long cycle)
    {
        List<Candidate> ready = Ready(cycle);
        Candidate? first = First(ready);
        if (first is not { Priority: 0 } && Maintenance(cycle) is { } maintenance)
        {
            Perform(maintenance, cycle);
        }
        else if (first is not null)
        {
            Perform(first, cycle);
        }
    }

    private void IssueRow(long cycle)
    {
        if (Maintenance(cycle) is { } maintenance)
        {
            Perform(maintenance, cycle);
        }
        else if (First(Ready(cycle).Where(candidate => !candidate.IsColumn)) is { } row)
        {
            Perform(row, cycle);
        }
    }

    /// <summary>Two buses, banks in turn: two picks, of which the second is lost if it needs the bus of the first.</summary>
    private void IssueInTurns(long cycle)
    {
        bool columnBusIsFree = _columnFree <= cycle;
        bool rowBusIsFree = _rowFree <= cycle;
        List<Candidate> ready = Ready(cycle);
        bool refreshFirst = !ready.Any(candidate => candidate.IsColumn);
        if ((refreshFirst ? Maintenance(cycle) ?? First(ready) : First(ready)) is not { } first)
        {
            return;
        }

        Perform(first, cycle);
        if (first.IsIdleClose)
        {
            return;
        }

        IEnumerable<Candidate> turn = Candidates().Where(candidate => !candidate.IsIdleClose
            && (candidate.IsColumn ? columnBusIsFree : rowBusIsFree) && _history.Allows(candidate.Command, candidate.Bank, cycle));
        if (InTurn(turn) is { } second)
        {
            _lastServed = second.Bank;
            if (second.IsColumn != first.IsColumn)
            {
                Perform(second, cycle);
            }
        }
    }

    private List<Candidate> Ready(long cycle) =>
    [
        .. Candidates().Where(candidate => (candidate.IsColumn ? _columnFree : _rowFree) <= cycle
            && (!candidate.IsIdleClose || cycle >= _banks[candidate.Bank].LastAccess + _policy.PageTimeoutCycles)
            && _history.Allows(candidate.Command, candidate.Bank, cycle)),
    ];

    /// <summary>The ready candidate that goes first. Openers before all, idle closes behind all, whatever the arbitration.</summary>
    private Candidate? First(IEnumerable<Candidate> ready)
    {
        List<Candidate> all = [.. ready];
        bool inTurn = _policy.Arbitration == Arbitration.RoundRobin && !all.Any(candidate => candidate.Priority == 0);
        return (inTurn ? InTurn(all.Where(candidate => !candidate.IsIdleClose)) : null)
            ?? all.OrderBy(candidate => candidate.Priority).ThenBy(candidate => candidate.Order).FirstOrDefault();
    }

    private Candidate? InTurn(IEnumerable<Candidate> ready) => ready
        .OrderBy(candidate => (candidate.Bank - _lastServed - 1 + _banks.Length) % _banks.Length)
        .ThenBy(candidate => candidate.Priority).ThenBy(candidate => candidate.Order).FirstOrDefault();

    private List<Candidate> Candidates()
    {
        List<Candidate> candidates = [];
        for (int bank = 0; bank < _banks.Length; bank++)
        {
            AddCandidates(candidates, bank);
        }

        return candidates;
    }

    private void AddCandidates(List<Candidate> candidates, int number)
    {
        Bank bank = _banks[number];
        List<Waiting> all = [.. _listed.Where(waiting => waiting.Request.Bank == number)];
        bool isHeld = _refresh.Holds(number);
        if (_policy.Page == PagePolicy.Timeout && bank.IsOpen && all.Count == 0 && !isHeld)
        {
            candidates.Add(new Candidate(DramCommand.PRE, number, 9, number, null) { IsIdleClose = true });
        }

        List<Waiting> eligible = isHeld ? [] : [.. all.Where(waiting => !IsSplit || waiting.Request.IsWrite == _servesWrites)];
        int rowPriority = _policy.Arbitration == Arbitration.RowHitFirst ? 2 : 1;
        if (!bank.IsOpen)
        {
            if (eligible.Count > 0)
            {
                candidates.Add(new Candidate(DramCommand.ACT, number, rowPriority, eligible[0].Sequence, eligible[0]));
            }

            return;
        }

        List<Waiting> hits = [.. eligible.Where(waiting => waiting.Request.Row == bank.Row)];
        Waiting? other = eligible.Find(waiting => waiting.Request.Row != bank.Row);
        bool isAtCap = _policy.RowHitCap > 0 && bank.Hits >= _policy.RowHitCap;
        bool closes = other is not null
            && (_policy.ClosesOverHits || hits.Count == 0 || (isAtCap && other.Sequence < hits[0].Sequence));
        if (closes && _policy.CapHoldsHits && !_policy.ClosesOverHits)
        {
            hits = [];
        }

        if (closes && bank.Opener is null)
        {
            candidates.Add(new Candidate(DramCommand.PRE, number, rowPriority, other!.Sequence, other));
        }

        foreach (bool isWrite in (bool[])[false, true])
        {
            Waiting? opener = bank.Opener is { } found && found.Request.IsWrite == isWrite ? found : null;
            if ((opener ?? hits.Find(waiting => waiting.Request.IsWrite == isWrite)) is { } access)
            {
                candidates.Add(new Candidate(isWrite ? DramCommand.WR : DramCommand.RD, number, opener is null ? 1 : 0, access.Sequence, access));
            }
        }
    }

    /// <summary>The command towards the refresh that was started first of those that can go on now.</summary>
    private Candidate? Maintenance(long cycle)
    {
        foreach (int rank in _rowFree <= cycle ? _refresh.Started : [])
        {
            int[] targets = [.. _refresh.Targets(rank)];
            int[] open = [.. targets.Where(bank => _banks[bank].IsOpen)];
            int first = rank * _organization.BanksPerRank;
            Candidate? next;
            if (open.Length == 0)
            {
                next = new Candidate(_refresh.Command, targets[0], 0, 0, null) { IsMaintenance = true };
            }
            else if (_refresh.Command == DramCommand.REFab && !_policy.RefreshClosesSingly)
            {
                next = open.Any(bank => _banks[bank].Opener is not null) ? null : new Candidate(DramCommand.PREA, first, 0, 0, null) { IsMaintenance = true };
            }
            else
            {
                next = open.Where(bank => _banks[bank].Opener is null && _history.Allows(DramCommand.PRE, bank, cycle))
                    .Select(bank => new Candidate(DramCommand.PRE, bank, 0, 0, null) { IsMaintenance = true }).FirstOrDefault();
            }

            if (next is not null && _history.Allows(next.Command, next.Bank, cycle))
            {
                return next;
            }
        }

        return null;
    }

    private void Perform(Candidate candidate, long cycle)
    {
        Bank bank = _banks[candidate.Bank];
        DramCommand command = candidate.Command;
        if (!candidate.IsMaintenance)
        {
            _lastServed = candidate.Bank;
        }

        if (!candidate.IsColumn)
        {
            Send(command, candidate.Bank, cycle, command == DramCommand.ACT ? candidate.Request!.Request.Row : -1, -1);
            Change(command, candidate, cycle);
            return;
        }

        Waiting access = candidate.Request!;
        _listed.Remove(access);
        bool isWaitedFor = _listed.Exists(waiting => waiting.Request.Bank == candidate.Bank && waiting.Request.Row == bank.Row);
        bool isWrite = access.Request.IsWrite;
        bool closes = _policy.Page == PagePolicy.Closed && !isWaitedFor;
        DramCommand sent = closes ? (isWrite ? DramCommand.WRA : DramCommand.RDA) : command;
        Send(sent, candidate.Bank, cycle, access.Request.Row, access.Request.Column);
        bank.Hits++;
        bank.LastAccess = cycle;
        bank.Row = closes ? -1 : bank.Row;
        bank.Opener = bank.Opener == access ? null : bank.Opener;
        int latency = isWrite ? _specification.WriteLatencyCycles : _specification.ReadLatencyCycles;
        _observer.OnCompletion(access.Request.Id, access.Accepted, cycle + latency + _specification.BurstCycles);
    }

    private void Change(DramCommand command, Candidate candidate, long cycle)
    {
        Bank bank = _banks[candidate.Bank];
        int rank = _organization.RankOf(candidate.Bank);
        switch (command)
        {
            case DramCommand.ACT:
                bank.Row = candidate.Request!.Request.Row;
                bank.Hits = 0;
                bank.LastAccess = cycle;
                if (_policy.ServesOpenerFirst)
                {
                    bank.Opener = candidate.Request;
                    candidate.Request.IsQueued = false;
                }

                break;
            case DramCommand.PRE:
                bank.Row = -1;
                break;
            case DramCommand.PREA:
                foreach (Bank closed in _banks.Where((_, index) => _organization.RankOf(index) == rank))
                {
                    closed.Row = -1;
                }

                break;
            default:
                _refresh.Issued(rank);
                break;
        }
    }

    private void Send(DramCommand command, int bank, long cycle, int row, int column)
    {
        _history.Note(command, bank, cycle);
        long free = cycle + _specification.CommandCycles[(int)command];
        bool isColumn = command is DramCommand.RD or DramCommand.WR or DramCommand.RDA or DramCommand.WRA;
        _columnFree = isColumn || !HasTwoBuses ? free : _columnFree;
        _rowFree = !isColumn || !HasTwoBuses ? free : _rowFree;
        _observer.OnCommand(cycle, command, bank, row, column);
    }

    private sealed record Candidate(DramCommand Command, int Bank, int Priority, long Order, Waiting? Request)
    {
        public bool IsColumn => Command is DramCommand.RD or DramCommand.WR;

        public bool IsIdleClose { get; init; }

        public bool IsMaintenance { get; init; }
    }
}
