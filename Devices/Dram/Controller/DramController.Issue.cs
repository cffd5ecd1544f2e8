using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Controller;

/// <content>Issuing commands.</content>
public sealed partial class DramController
{
    /// <summary>Issues a chosen command. False if it turned out to have to wait.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Issue(Choice choice)
    {
        if (_policy.Arbitration != Arbitration.RoundRobin)
        {
            return Perform(choice);
        }

        // Openers go before all and idle closes behind all, whoever's turn it is.
        int cycle = choice.Cycle;
        bool columns = _columnFree <= cycle;
        bool rows = _rowFree <= cycle;
        bool isInTurn = !CandidateKey.IsFirst(choice.Key) && choice.Wait != Wait.IdleClose;
        Choice first = isInTurn ? _lanes.InTurn(cycle, _lastBank, columns, rows) : choice;
        if (!Perform(first))
        {
            return false;
        }

        _lastBank = first.Bank;
        TakeSecondTurn(cycle, first.Wait <= Wait.Write, columns, rows);
        return true;
    }

    /// <summary>With two buses, a cycle has a second turn: the next bank's command is issued if it needs the other bus; if not, the turn
    /// is lost.</summary>
    /// <param name="cycle">The cycle.</param>
    /// <param name="firstWasColumn">The bus that the first command took.</param>
    /// <param name="columns">The column bus was free at the start of the cycle.</param>
    /// <param name="rows">The row bus was.</param>
    private void TakeSecondTurn(int cycle, bool firstWasColumn, bool columns, bool rows)
    {
        if (!_split || _policy.Arbitration != Arbitration.RoundRobin)
        {
            return;
        }

        Choice second = _lanes.InTurn(cycle, _lastBank, columns, rows);
        if (second.Exists)
        {
            _lastBank = second.Bank;
            if (second.Wait <= Wait.Write != firstWasColumn)
            {
                Perform(second);
            }
        }

        _columnFree = Math.Max(_columnFree, cycle + 1);
        _rowFree = Math.Max(_rowFree, cycle + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Perform(Choice choice)
    {
        int bank = choice.Bank;
        switch (choice.Wait)
        {
            case Wait.Read:
                Access(choice.Cycle, bank, _banks[bank].Read);
                break;
            case Wait.Write:
                Access(choice.Cycle, bank, _banks[bank].Write);
                break;
            case Wait.Activate:
                Activate(choice.Cycle, bank, _banks[bank].Row);
                break;
            case Wait.Precharge:
                _pool[_banks[bank].Row].ClosedRow = true;
                Precharge(choice.Cycle, bank);
                break;
            default:
                if (_lanes.Time(Wait.Precharge, bank) > choice.Cycle)
                {
                    RenewIdleClose(bank);
                    return false;
                }

                Precharge(choice.Cycle, bank);
                break;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Access(int cycle, int number, int slot)
    {
        ref BankState bank = ref _banks[number];
        ref WaitingRequest request = ref _pool[slot];
        _pool.Remove(slot);
        bank.Waiting--;
        bool closes = _policy.Page == PagePolicy.Closed && !IsWaitedFor(number, request.Row);
        DramCommand command = request.IsWrite ? (closes ? DramCommand.WRA : DramCommand.WR) : closes ? DramCommand.RDA : DramCommand.RD;
        Send(command, number, cycle, request.Row, request.Column);
        bank.Hits++;
        bank.LastAccess = _base + cycle;
        if (closes)
        {
            CloseRow(ref bank, cycle);
        }

        if (bank.Opener == slot)
        {
            bank.Opener = RequestPool.None;
        }
        else
        {
            LeaveQueue(request.IsWrite);
        }

        if (request.IsWrite)
        {
            _pool.ForgetWrite(slot);
        }

        Complete(cycle, ref bank, ref request);
        _pool.Release(slot);
        if (_pool.Count == 0)
        {
            _emptySince = _base + cycle;
        }

        Renew(number);
        TryStage(cycle);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LeaveQueue(bool isWrite)
    {
        if (isWrite)
        {
            _writesWaiting--;
        }
        else
        {
            _readsWaiting--;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Complete(int cycle, ref BankState bank, ref WaitingRequest request)
    {
        long issued = _base + cycle;
        int rank = bank.Rank;
        long done = issued + (request.IsWrite ? _writeDone : _readDone);
        long start = done - _specification.BurstCycles;
        if (request.IsWrite)
        {
            _statistics.Writes++;
            _statistics.WriteLatency.Add(done - request.AcceptedCycle);
        }
        else
        {
            _statistics.Reads++;
            _statistics.ReadLatency.Add(done - request.AcceptedCycle);
        }

        if (request.ClosedRow)
        {
            _statistics.RowConflicts++;
        }
        else if (request.OpenedRow)
        {
            _statistics.RowMisses++;
        }
        else
        {
            _statistics.RowHits++;
        }

        _lastDone = Math.Max(_lastDone, done);
        _statistics.Bandwidth.Add(start, request.IsWrite);
        _busOf[rank].Burst(
            start, rank, bank.Group, request.IsWrite, request.OpenedRow, _emptyCycles, _refreshFrom[rank], _refreshTo[rank]);
        _observer?.OnCompletion(request.Id, request.AcceptedCycle, done);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Activate(int cycle, int number, int slot)
    {
        ref BankState bank = ref _banks[number];
        ref WaitingRequest request = ref _pool[slot];
        request.OpenedRow = true;
        Send(DramCommand.ACT, number, cycle, request.Row, -1);
        int rank = bank.Rank;
        for (int window = 0; window < _timings.Windows.Length; window++)
        {
            int index = (window * _openBanks.Length) + rank;
            long[] cycles = _windowCycles[index];
            ref int next = ref _windowNext[index];
            cycles[next] = _base + cycle;
            next = next + 1 == cycles.Length ? 0 : next + 1;
            long oldest = cycles[next] - _base;
            if (oldest + _timings.Windows[window].LatencyCycles > cycle)
            {
                _lanes.HoldWindow(_timings.WindowRows[window][rank], (int)oldest);
            }
        }

        bank.OpenRow = request.Row;
        bank.OpenRowHash = request.RowHash;
        bank.Hits = 0;
        bank.LastAccess = _base + cycle;
        if (_policy.ServesOpenerFirst)
        {
            bank.Opener = slot;
            LeaveQueue(request.IsWrite);
        }

        if (_openBanks[rank]++ == 0)
        {
            _activeSince[rank] = _base + cycle;
        }

        Renew(number);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Precharge(int cycle, int bank)
    {
        Send(DramCommand.PRE, bank, cycle, -1, -1);
        CloseRow(ref _banks[bank], cycle);
        Renew(bank);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CloseRow(ref BankState bank, int cycle)
    {
        bank.OpenRow = BankState.Closed;
        int rank = bank.Rank;
        if (--_openBanks[rank] == 0)
        {
            _statistics.AddActiveCycles(rank, _base + cycle - _activeSince[rank]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Maintain(in Maintenance maintenance, int cycle)
    {
        switch (maintenance.Command)
        {
            case DramCommand.PRE:
                Precharge(cycle, maintenance.Bank);
                break;
            case DramCommand.PREA:
                Send(DramCommand.PREA, maintenance.Bank, cycle, -1, -1);
                for (int bank = maintenance.Bank; bank < maintenance.Bank + _banksPerRank; bank++)
                {
                    if (_banks[bank].OpenRow != BankState.Closed)
                    {
                        CloseRow(ref _banks[bank], cycle);
                        RenewIfUsed(bank);
                    }
                }

                break;
            default:
                Send(maintenance.Command, maintenance.Bank, cycle, -1, -1);
                _statistics.RefreshesIssued++;
                _refreshTo[maintenance.Rank] = _base + cycle + _refreshCycles;
                foreach (int bank in _refresh.Issued(maintenance.Rank))
                {
                    _banks[bank].IsHeld = false;
                    RenewIfUsed(bank);
                }

                FindQuiet();

                // What was held can be served from the next cycle on.
                _columnFree = Math.Max(_columnFree, cycle + 1);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Send(DramCommand command, int bank, int cycle, int row, int column)
    {
        _lanes.Issue(command, bank, cycle);
        int rank = _banks[bank].Rank;
        _issues.Issue(command, bank, rank, cycle);
        int free = cycle + _commandCycles[(int)command];
        if (!_split)
        {
            _columnFree = free;
            _rowFree = free;
        }
        else if (command.IsColumn())
        {
            _columnFree = free;
            _rowFree = Math.Max(_rowFree, cycle);
        }
        else
        {
            _rowFree = free;
            _columnFree = Math.Max(_columnFree, cycle);
        }

        _changed = true;
        _changeCycle = cycle;
        _statistics.Count(rank, command);
        _observer?.OnCommand(_base + cycle, command, bank, row, column);
    }

    private bool IsWaitedFor(int bank, int row)
    {
        for (int direction = 0; direction < 2; direction++)
        {
            for (int slot = _pool.Head(bank, direction); _pool.IsRequest(slot); slot = _pool[slot].Next)
            {
                if (_pool[slot].Row == row)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
