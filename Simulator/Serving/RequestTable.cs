namespace PimSim.Simulator.Serving;

/// <summary>The requests in the system, each in a slot that is used again after it has gone.</summary>
internal sealed class RequestTable
{
    private RequestState[] _states = new RequestState[64];
    private int[] _free = new int[64];
    private int _freeCount;
    private int _used;

    public int Live => _used - _freeCount;

    public ref RequestState this[int slot] => ref _states[slot];

    public int Add(RequestState state)
    {
        int slot;
        if (_freeCount > 0)
        {
            slot = _free[--_freeCount];
        }
        else
        {
            if (_used == _states.Length)
            {
                Array.Resize(ref _states, _used * 2);
            }

            slot = _used++;
        }

        _states[slot] = state;
        return slot;
    }

    public void Remove(int slot)
    {
        // The prefix blocks of a long trace must not outlive their request.
        _states[slot] = default;
        if (_freeCount == _free.Length)
        {
            Array.Resize(ref _free, _freeCount * 2);
        }

        _free[_freeCount++] = slot;
    }
}
