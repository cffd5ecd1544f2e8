using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Controller;

/// <content>Time: from one event to the next.</content>
public sealed partial class DramController
{
    /// <summary>Issues all commands of the cycles up to and with a limit, and moves requests on in the cycles before it.</summary>
    private void Advance(int limit) => Advance(limit, once: false);

    /// <summary>Goes to the next event and returns its cycle.</summary>
    /// <exception cref="InvalidOperationException">Requests wait and nothing can happen any more: a fault of the controller.</exception>
    private int AdvanceOnce()
    {
        int cycle = Advance(BankLanes.Never - 1, once: true);
        return cycle != BankLanes.Never ? cycle : throw new InvalidOperationException("requests wait and no command can be issued");
    }

    /// <summary>Goes from event to event within the limit; returns the cycle of the last, or never if there was none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Advance(int limit, bool once)
    {
        int last = BankLanes.Never;
        while (_columnFree <= limit || _rowFree <= limit || _quietUntil <= limit)
        {
            // The cycle of the change must be over: a request may still be accepted or move on in it.
            if (_changed && limit > _changeCycle && _stageCycle > _changeCycle && (!_split || Math.Min(_columnFree, _rowFree) > _changeCycle))
            {
                Settle();
            }

            Choice choice = _lanes.Next(_columnFree, _rowFree);
            int cycle = choice.Cycle;
            if (_changed || cycle >= _quietUntil)
            {
                int rare = AdvanceRare(limit, choice);
                if (rare == BankLanes.Never)
                {
                    return last;
                }

                last = rare == Again ? last : rare;
                if (once && rare != Again)
                {
                    return last;
                }

                continue;
            }

            if (cycle > limit)
            {
                return last;
            }

            if (Issue(choice))
            {
                last = cycle;
                if (once)
                {
                    return last;
                }
            }
        }

        return last;
    }

    /// <summary>An event beside the ordinary: a refresh due or in progress, a request moving on, or the second bus in the cycle of a
    /// change. Returns its cycle; never if it is beyond the limit; or that one has to look again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int AdvanceRare(int limit, Choice choice)
    {
        int cycle = choice.Cycle;
        Maintenance maintenance = default;
        bool maintains = false;
        if (_refresh.InProgress)
        {
            maintenance = _refresh.Next(_lanes, _issues, _banks, _openBanks, _rowFree);
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

            if (_stageCycle <= _changeCycle)
            {
                return Stage(_stageCycle);
            }

            _columnFree = Math.Max(_columnFree, _changeCycle + 1);
            _rowFree = Math.Max(_rowFree, _changeCycle + 1);
            return Again;
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

        if (cycle > limit)
        {
            return BankLanes.Never;
        }

        if (!maintains)
        {
            return Issue(choice) ? cycle : Again;
        }

        bool columns = _columnFree <= cycle;
        Maintain(maintenance, cycle);
        TakeSecondTurn(cycle, firstWasColumn: false, columns, rows: true);
        return cycle;
    }

    /// <summary>Until this cycle there is nothing but commands for requests.</summary>
    private void FindQuiet() => _quietUntil = _refresh.InProgress ? -1 : Math.Min(_refresh.NextDue, _stageCycle);

    /// <summary>On one bus a refresh goes before all but the opener's access; of two buses it needs the other than a column command.</summary>
    private bool GivesWay(Choice choice) => _split ? choice.Wait > Wait.Write : !CandidateKey.IsFirst(choice.Key);

    private int ComeDue(int cycle)
    {
        _refresh.ComeDue(cycle);
        _columnFree = Math.Max(_columnFree, cycle);
        _rowFree = Math.Max(_rowFree, cycle);
        _changed = true;
        _changeCycle = Math.Max(_changeCycle, cycle - 1);
        FindQuiet();
        return cycle;
    }

    /// <summary>Draws the consequences of the last cycle's changes: direction of service, refreshes to be started.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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
                RenewIfUsed(bank);
            }

            FindQuiet();
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

        FindQuiet();
        return cycle;
    }

    /// <summary>A request may be able to move on in this cycle, or in the next if one has.</summary>
    private void TryStage(int cycle)
    {
        if (_stage is { Count: > 0 })
        {
            _stageCycle = Math.Min(_stageCycle, Math.Max(cycle, _lastStaged + 1));
            FindQuiet();
        }
    }

    /// <summary>Moves the base so that a cycle fits.</summary>
    private void MoveBaseTo(long cycle)
    {
        while (cycle - _base >= _rebaseAt)
        {
            Advance(_rebaseAt - 1);
            int shift = _rebaseAt / 2;
            _base += shift;
            _lanes.Rebase(shift);
            _issues.Rebase(shift);
            _refresh.Rebase(shift);
            _columnFree = Math.Max(0, _columnFree - shift);
            _rowFree = Math.Max(0, _rowFree - shift);
            _changeCycle -= shift;
            _lastAccepted -= shift;
            _lastStaged = Math.Max(-1, _lastStaged - shift);
            _stageCycle = _stageCycle == BankLanes.Never ? _stageCycle : _stageCycle - shift;
            FindQuiet();
        }
    }
}
