namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// The read and write queues in front of queues per bank: one request a cycle goes on, the oldest whose bank has room, from the
/// write queue while it is drained, else from the read queue. Draining starts when the write queue is full, or holds more than a few
/// while no bank has anything to do.
/// </summary>
internal sealed class TransactionQueues(ControllerPolicy policy, RequestPool pool)
{
    private const int FewWrites = 8;

    private readonly List<int> _reads = new(policy.ReadQueueSize);
    private readonly List<int> _writes = new(policy.WriteQueueSize);
    private int _draining;

    /// <summary>Requests held.</summary>
    public int Count => _reads.Count + _writes.Count;

    /// <summary>True if there is room for a request.</summary>
    public bool HasRoom(bool isWrite) => isWrite ? _writes.Count < policy.WriteQueueSize : _reads.Count < policy.ReadQueueSize;

    /// <summary>Takes a request.</summary>
    public void Add(int slot) => (pool[slot].IsWrite ? _writes : _reads).Add(slot);

    /// <summary>The waiting write of an address, or none.</summary>
    public int FindWrite(int bank, int row, int column)
    {
        foreach (int slot in _writes)
        {
            if (pool[slot].Bank == bank && pool[slot].Row == row && pool[slot].Column == column)
            {
                return slot;
            }
        }

        return RequestPool.None;
    }

    /// <summary>Picks the request that goes on in this cycle and takes it out, or none.</summary>
    /// <param name="banks">All banks.</param>
    /// <param name="banksAreIdle">No bank has a request.</param>
    /// <param name="isFinishing">No request will come any more, so writes left over are drained.</param>
    public int Next(ReadOnlySpan<BankState> banks, bool banksAreIdle, bool isFinishing)
    {
        bool isTime = _writes.Count >= policy.WriteQueueSize || (banksAreIdle && (_writes.Count > FewWrites || (isFinishing && _reads.Count == 0)));
        if (_draining == 0 && isTime)
        {
            _draining = _writes.Count;
        }

        List<int> queue = _draining > 0 ? _writes : _reads;
        for (int i = 0; i < queue.Count; i++)
        {
            int slot = queue[i];
            if (banks[pool[slot].Bank].Waiting >= policy.BankQueueSize)
            {
                continue;
            }

            if (_draining > 0)
            {
                _draining--;
            }

            queue.RemoveAt(i);
            return slot;
        }

        return RequestPool.None;
    }
}
