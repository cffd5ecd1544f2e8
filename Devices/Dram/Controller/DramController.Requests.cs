using System.Runtime.CompilerServices;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Dram.Controller;

/// <content>Waiting requests, and what each bank would do next.</content>
public sealed partial class DramController
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasRoom(in DramRequest request) => _policy.Queues switch
    {
        QueueStructure.Split => request.IsWrite ? _writesWaiting < _policy.WriteQueueSize : _readsWaiting < _policy.ReadQueueSize,
        QueueStructure.PerBank => _banks[request.Bank].Waiting < _policy.BankQueueSize,
        _ => _stage!.HasRoom(request.IsWrite),
    };

    /// <summary>True if a write of the same address waits that answers a read or is replaced by a write.</summary>
    private bool AnswersFromQueues(in DramRequest request) =>
        _pool.MayHoldWrite(request.Bank, request.Row, request.Column)
        && (request.IsWrite ? _policy.MergesWrites : _policy.ForwardsWrites)
        && (_pool.Find(request.Bank, 1, request.Row, request.Column) != RequestPool.None
            || (_stage is not null && _stage.FindWrite(request.Bank, request.Row, request.Column) != RequestPool.None));

    private void Answer(in DramRequest request, long accepted)
    {
        if (request.IsWrite)
        {
            _statistics.MergedWrites++;
            _statistics.Writes++;
            _statistics.WriteLatency.Add(1);
        }
        else
        {
            _statistics.ForwardedReads++;
            _statistics.Reads++;
            _statistics.ReadLatency.Add(1);
        }

        _lastDone = Math.Max(_lastDone, accepted + 1);
        _observer?.OnCompletion(request.Id, accepted, accepted + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Enqueue(in DramRequest request, int cycle)
    {
        // The bus may have been taken since the last change: what that entailed does not see this request.
        if (_changed && cycle > _changeCycle && _stage is null)
        {
            Settle();
        }

        long accepted = _base + cycle;
        if (_pool.Count == 0)
        {
            _emptyCycles += accepted - _emptySince;
        }

        int slot = _pool.Take();
        ref WaitingRequest waiting = ref _pool[slot];
        waiting.Id = request.Id;
        waiting.AcceptedCycle = accepted;
        waiting.Bank = request.Bank;
        waiting.Row = request.Row;
        waiting.Column = request.Column;
        waiting.IsWrite = request.IsWrite;
        waiting.OpenedRow = false;
        waiting.ClosedRow = false;
        if (request.IsWrite)
        {
            _writesWaiting++;
            _pool.NoteWrite(slot);
        }
        else
        {
            _readsWaiting++;
        }

        if (_stage is null)
        {
            List(slot, cycle);
            return;
        }

        _stage.Add(slot);
        TryStage(cycle);
    }

    /// <summary>Adds a request to those that its bank can serve from the next cycle on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void List(int slot, int cycle)
    {
        if (_sequence == _lastSequence)
        {
            Renumber();
        }

        ref WaitingRequest waiting = ref _pool[slot];
        waiting.Order = CandidateKey.OfRequest(_sequence++, waiting.Bank);
        _pool.Append(slot);
        ref BankState bank = ref _banks[waiting.Bank];
        bank.Waiting++;

        if (ChangesCandidates(ref bank, ref waiting))
        {
            Renew(waiting.Bank);
        }

        _changed = true;
        _changeCycle = cycle;
        _columnFree = Math.Max(_columnFree, cycle + 1);
        _rowFree = Math.Max(_rowFree, cycle + 1);
    }

    /// <summary>False if an older request of its kind is the candidate already, so that a younger one changes nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool ChangesCandidates(ref BankState bank, ref WaitingRequest request)
    {
        if (_isPlain)
        {
            uint key = _lanes.OnlyKey(request.Bank);
            return key == CandidateKey.None || (CandidateKey.WaitOf(key) == Wait.Precharge && request.Row == bank.OpenRow);
        }

        return (request.Row != bank.OpenRow ? bank.Row : request.IsWrite ? bank.Write : bank.Read) == RequestPool.None;
    }

    /// <summary>Sequence numbers start again, in the same order.</summary>
    private void Renumber()
    {
        _sequence = _pool.Renumber();
        RenewAll();
    }

    private void RenewAll()
    {
        for (int bank = 0; bank < _banks.Length; bank++)
        {
            RenewIfUsed(bank);
        }
    }

    /// <summary>A bank for which nothing waits has no candidates, unless idle rows are closed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RenewIfUsed(int bank)
    {
        if (_banks[bank].Waiting > 0 || _policy.Page == PagePolicy.Timeout)
        {
            Renew(bank);
        }
    }

    /// <summary>Finds anew what a bank would do next: its candidates for a read, a write, and an activation or precharge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Renew(int number)
    {
        ref BankState bank = ref _banks[number];
        int open = bank.OpenRow;
        if (_isPlain && !bank.IsHeld)
        {
            // Nearly always the oldest request decides alone: it hits the open row, or none does, or the bank is closed.
            int direction = _eligible >> 1;
            int head = _pool.Head(number, direction);
            ref WaitingRequest oldest = ref _pool[head];
            bool isClosed = open == BankState.Closed;
            bool hits = oldest.Row == open;
            if (isClosed || hits || !_pool.MayHoldRow(bank.OpenRowHash, direction))
            {
                int wait = isClosed ? (int)Wait.Activate : hits ? direction : (int)Wait.Precharge;
                bank.Slot((Wait)wait) = head;
                _lanes.SetCandidate(number, _kindKeys[wait] | oldest.Order);
                return;
            }
        }

        int opener = bank.Opener;
        int read = RequestPool.None;
        int write = RequestPool.None;
        int other = RequestPool.None;
        if (!bank.IsHeld)
        {
            if ((_eligible & Reads) != 0)
            {
                Look(_pool.Head(number, 0), open, ref read, ref other);
            }

            if ((_eligible & Writes) != 0)
            {
                Look(_pool.Head(number, 1), open, ref write, ref other);
            }
        }

        bool closes = other != RequestPool.None && open != BankState.Closed && MayClose(bank.Hits, other, read, write);
        if (closes && _policy.CapHoldsHits && !_policy.ClosesOverHits)
        {
            read = RequestPool.None;
            write = RequestPool.None;
        }

        uint readKey = _kindKeys[(int)Wait.Read];
        uint writeKey = _kindKeys[(int)Wait.Write];
        if (opener != RequestPool.None)
        {
            closes = false;
            if (_pool[opener].IsWrite)
            {
                write = opener;
                writeKey = _openerWriteKey;
            }
            else
            {
                read = opener;
                readKey = _openerReadKey;
            }
        }

        bank.Read = read;
        bank.Write = write;
        bank.Row = other;
        _lanes.SetCandidates(
            number,
            Key(read, readKey),
            Key(write, writeKey),
            open == BankState.Closed ? Key(other, _kindKeys[(int)Wait.Activate]) : CandidateKey.None,
            closes ? Key(other, _kindKeys[(int)Wait.Precharge]) : CandidateKey.None);
        if (_policy.Page == PagePolicy.Timeout)
        {
            RenewIdleClose(number);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Key(int slot, uint kind) => slot == RequestPool.None ? CandidateKey.None : kind | _pool[slot].Order;

    /// <summary>The oldest request of a list for the open row and the oldest of both lists for another one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Look(int head, int open, ref int hit, ref int other)
    {
        bool wantsOther = true;
        for (int slot = head; _pool.IsRequest(slot); slot = _pool[slot].Next)
        {
            ref WaitingRequest request = ref _pool[slot];
            if (request.Row == open)
            {
                hit = slot;

                // Behind a hit, a request for another row matters only to a policy that closes rows over hits.
                if (!wantsOther || !_policy.ClosesOverHits)
                {
                    return;
                }

                while (wantsOther && _pool.IsRequest(slot = _pool[slot].Next))
                {
                    if (_pool[slot].Row != open)
                    {
                        other = Older(slot, other);
                        return;
                    }
                }

                return;
            }

            if (wantsOther)
            {
                other = Older(slot, other);
                wantsOther = false;
                if (open == BankState.Closed)
                {
                    return;
                }
            }
        }
    }

    private int Older(int slot, int other) =>
        other == RequestPool.None || _pool[slot].Order < _pool[other].Order ? slot : other;

    /// <summary>True if the open row may be closed for a request of another row: if no eligible request hits it, or at the cap if
    /// the request is older than all that do.</summary>
    private bool MayClose(int hits, int other, int read, int write)
    {
        if (_policy.ClosesOverHits || (read == RequestPool.None && write == RequestPool.None))
        {
            return true;
        }

        return _policy.RowHitCap > 0 && hits >= _policy.RowHitCap
            && (read == RequestPool.None || _pool[other].Order < _pool[read].Order)
            && (write == RequestPool.None || _pool[other].Order < _pool[write].Order);
    }

    private void RenewIdleClose(int number)
    {
        ref BankState bank = ref _banks[number];
        bool idle = bank.OpenRow != BankState.Closed && bank.Waiting == 0 && !bank.IsHeld;
        int cycle = Math.Max((int)(bank.LastAccess - _base) + _policy.PageTimeoutCycles, _lanes.Time(Wait.Precharge, number));
        _lanes.SetIdleClose(number, idle ? _kindKeys[(int)Wait.IdleClose] | CandidateKey.OfRequest(0, number) : CandidateKey.None, cycle);
    }
}
