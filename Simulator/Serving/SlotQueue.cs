namespace PimSim.Simulator.Serving;

/// <summary>Slots of requests in order, added and taken at both ends in constant time.</summary>
internal sealed class SlotQueue
{
    private int[] _ring = new int[16];
    private int _first;

    public int Count { get; private set; }

    public int First => _ring[_first];

    public void AddLast(int slot)
    {
        Grow();
        _ring[(_first + Count++) & (_ring.Length - 1)] = slot;
    }

    public void AddFirst(int slot)
    {
        Grow();
        _first = (_first - 1) & (_ring.Length - 1);
        _ring[_first] = slot;
        Count++;
    }

    public int TakeFirst()
    {
        int slot = _ring[_first];
        _first = (_first + 1) & (_ring.Length - 1);
        Count--;
        return slot;
    }

    private void Grow()
    {
        if (Count < _ring.Length)
        {
            return;
        }

        int[] larger = new int[_ring.Length * 2];
        for (int i = 0; i < Count; i++)
        {
            larger[i] = _ring[(_first + i) & (_ring.Length - 1)];
        }

        _ring = larger;
        _first = 0;
    }
}
