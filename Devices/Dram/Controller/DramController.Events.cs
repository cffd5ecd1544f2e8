namespace PimSim.Devices.Dram.Controller;

/// <content>Time: from one event to the next.</content>
public sealed partial class DramController
{
    /// <summary>Issues all commands of the cycles up to and with a limit, and moves requests on in the cycles before it.</summary>
    private void Advance(int limit)
    {
        while (AdvanceOnce(limit) != BankLanes.Never)
        {
        }
    }

    /// <summary>Goes to the next event if it lies within the limit. Returns its cycle, or never.</summary>
    private int AdvanceOnce(int limit)
    {
        while (true)
        {
            int floor = Math.Min(_columnFree, _rowFree);
            if (floor > limit && _refresh.NextDue > limit && _stageCycle >= limit)
            {
                return BankLanes.Never;
            }

            if (_changed && floor > _changeCycle)
            {
                Settle();
            }

            Choice choice = _lanes.Next(_columnFree, _rowFree, _split);
            int cycle = choice.Cycle;
            Maintenance maintenance = default;
            bool maintains = false;
            if (_refresh.InProgress)
            {
                maintenance = _refresh.Next(_lanes, _banks, _rowFree);
                maintains = maintenance.Cycle < cycle || (maintenance.Cycle == cycle && GivesWay(choice));
                cycle = maintains ? maintenance.Cycle : cycle;
            }

            if (_changed && cycle > _changeCycle)
            {
                // Nothing more fits into the cycle of the last change: what it entails counts from the next cycle on.
                if (limit <= _changeCycle)
                {
                    return BankLanes.Never;
                }

                _columnFree = Math.Max(_columnFree, _changeCycle + 1);
                _rowFree = Math.Max(_rowFree, _changeCycle + 1);
                continue;
            }

            int due = _refresh.NextDue;
            if (due <= cycle && due <= _stageCycle)
            {
                return due <= limit ? ComeDue(due) : BankLanes.Never;
            }

            if (_stageCycle < cycle)
            {
                return _stageCycle < limit ? Stage(_stageCycle) : BankLanes.Never;
            }

            if (cycle > limit || cycle == BankLanes.Never)
            {
                return BankLanes.Never;
            }

            if (maintains)
            {
                Maintain(maintenance, cycle);
                TakeSecondTurn(cycle, firstWasColumn: false);
                return cycle;
            }

            if (Issue(choice))
            {
                return cycle;
            }
        }
    }

    /// <summary>On one bus a refresh goes before all but the opener's access; of two buses it needs the other than a column command.</summary>
    private bool GivesWay(in Choice choice) => _split ? choice.Wait > Wait.Write : choice.Key >> PriorityShift > 0;

    private int ComeDue(int cycle)
    {
        _refresh.ComeDue(cycle);
        _columnFree = Math.Max(_columnFree, cycle);
        _rowFree = Math.Max(_rowFree, cycle);
        _changed = true;
        _changeCycle = Math.Max(_changeCycle, cycle - 1);
        return cycle;
    }

    /// <summary>Draws the consequences of the last cycle's changes: direction of service, refreshes to be started.</summary>
    private void Settle()
    {
        _changed = false;
        if (_policy.Queues == QueueStructure.Split)
        {
            int eligible = _eligible == Reads
                ? (_writesWaiting >= _policy.WriteHighWatermark || (_readsWaiting == 0 && _writesWaiting > 0) ? Writes : Reads)
                : (_writesWaiting == 0 || (_writesWaiting <= _policy.WriteLowWatermark && _readsWaiting > 0) ? Reads : Writes);
            if (eligible != _eligible)
            {
                _eligible = eligible;
                RenewAll();
            }
        }

        if (_refresh.AnyOwed)
        {
            foreach (int bank in _refresh.Start(_banks))
            {
                _banks[bank].IsHeld = true;
                _refreshFrom[_banks[bank].Rank] = _base + _changeCycle + 1;
                Renew(bank);
            }
        }
    }

    private int Stage(int cycle)
    {
        int slot = _stage!.Next(_banks, _pool.Count == _stage.Count, _finishing);
        _stageCycle = BankLanes.Never;
        if (slot != RequestPool.None)
        {
            _lastStaged = cycle;
            List(slot, cycle);
            TryStage(cycle);
        }

        return cycle;
    }

    /// <summary>A request may be able to move on in this cycle, or in the next if one has.</summary>
    private void TryStage(int cycle)
    {
        if (_stage is { Count: > 0 })
        {
            _stageCycle = Math.Min(_stageCycle, Math.Max(cycle, _lastStaged + 1));
        }
    }

    /// <summary>Moves the base so that a cycle fits.</summary>
    private void MoveBaseTo(long cycle)
    {
        while (cycle - _base >= RebaseAt)
        {
            Advance(RebaseAt - 1);
            const int Shift = RebaseAt / 2;
            _base += Shift;
            _lanes.Rebase(Shift);
            _refresh.Rebase(Shift);
            _columnFree = Math.Max(0, _columnFree - Shift);
            _rowFree = Math.Max(0, _rowFree - Shift);
            _changeCycle -= Shift;
            _lastAccepted -= Shift;
            _lastStaged = Math.Max(-1, _lastStaged - Shift);
            _stageCycle = _stageCycle == BankLanes.Never ? _stageCycle : _stageCycle - Shift;
        }
    }
}
