using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Controller;

/// <summary>A waiting request.</summary>
internal struct WaitingRequest
{
    public long Id;
    public long AcceptedCycle;
    public int Bank;
    public int Row;
    public int Column;
    public int Sequence;

    /// <summary>Neighbours in the list of its bank and direction.</summary>
    public int Next;
    public int Previous;

    public bool IsWrite;

    /// <summary>A row was opened for it.</summary>
    public bool OpenedRow;

    /// <summary>A row was closed for it.</summary>
    public bool ClosedRow;
}

/// <summary>The waiting requests of a channel in slots that are used again, listed by bank and direction in the order of their
/// sequence numbers.</summary>
internal sealed class RequestPool
{
    private const int HashSize = 1 << 12;

    /// <summary>No slot.</summary>
    public const int None = -1;

    private readonly WaitingRequest[] _slots;
    private readonly int[] _free;
    private readonly int[] _heads;
    private readonly int[] _tails;
    private readonly ushort[] _writesByHash = new ushort[HashSize];
    private int _freeCount;

    /// <summary>An empty pool.</summary>
    /// <param name="capacity">Requests held at most.</param>
    /// <param name="banks">Banks of the channel.</param>
    public RequestPool(int capacity, int banks)
    {
        _slots = new WaitingRequest[capacity];
        _free = new int[capacity];
        _heads = new int[2 * banks];
        _tails = new int[2 * banks];
        Array.Fill(_heads, None);
        Array.Fill(_tails, None);
        for (int slot = capacity - 1; slot >= 0; slot--)
        {
            _free[_freeCount++] = slot;
        }
    }

    /// <summary>Requests held.</summary>
    public int Count => _slots.Length - _freeCount;

    /// <summary>A request.</summary>
    public ref WaitingRequest this[int slot] => ref _slots[slot];

    /// <summary>The oldest read (direction 0) or write (1) listed for a bank.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Head(int bank, int direction) => _heads[(bank << 1) | direction];

    /// <summary>Takes a slot, not yet listed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Take() => _free[--_freeCount];

    /// <summary>Gives a slot back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(int slot) => _free[_freeCount++] = slot;

    /// <summary>Adds a request at the end of its bank's list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(int slot)
    {
        ref WaitingRequest request = ref _slots[slot];
        int list = (request.Bank << 1) | (request.IsWrite ? 1 : 0);
        int tail = _tails[list];
        request.Next = None;
        request.Previous = tail;
        _tails[list] = slot;
        if (tail == None)
        {
            _heads[list] = slot;
        }
        else
        {
            _slots[tail].Next = slot;
        }
    }

    /// <summary>Takes a request out of its bank's list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(int slot)
    {
        ref WaitingRequest request = ref _slots[slot];
        int list = (request.Bank << 1) | (request.IsWrite ? 1 : 0);
        if (request.Previous == None)
        {
            _heads[list] = request.Next;
        }
        else
        {
            _slots[request.Previous].Next = request.Next;
        }

        if (request.Next == None)
        {
            _tails[list] = request.Previous;
        }
        else
        {
            _slots[request.Next].Previous = request.Previous;
        }
    }

    /// <summary>The listed request of a bank and direction for an address, or none.</summary>
    public int Find(int bank, int direction, int row, int column)
    {
        int slot = Head(bank, direction);
        while (slot != None && (_slots[slot].Row != row || _slots[slot].Column != column))
        {
            slot = _slots[slot].Next;
        }

        return slot;
    }

    /// <summary>False if surely no write of an address is held. Full queues of writes are so seldom searched in vain.</summary>
    public bool MayHoldWrite(int bank, int row, int column) => _writesByHash[Hash(bank, row, column)] != 0;

    /// <summary>Notes that a write is held.</summary>
    public void NoteWrite(int slot) => _writesByHash[Hash(_slots[slot].Bank, _slots[slot].Row, _slots[slot].Column)]++;

    /// <summary>Notes that a write is no longer held.</summary>
    public void ForgetWrite(int slot) => _writesByHash[Hash(_slots[slot].Bank, _slots[slot].Row, _slots[slot].Column)]--;

    private static int Hash(int bank, int row, int column) => (int)((((uint)bank * 0x9E3779B1u) ^ ((uint)row * 0x85EBCA6Bu) ^ ((uint)column * 0xC2B2AE35u)) >> 20);
}
