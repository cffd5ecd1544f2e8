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

    /// <summary>Ascends with age: the request's part of its candidate's key.</summary>
    public uint Order;

    /// <summary>Neighbours in the list of its bank and direction.</summary>
    public int Next;
    public int Previous;

    /// <summary>Where requests for its row are counted.</summary>
    public int RowHash;

    public bool IsWrite;

    /// <summary>A row was opened for it.</summary>
    public bool OpenedRow;

    /// <summary>A row was closed for it.</summary>
    public bool ClosedRow;
}

/// <summary>The waiting requests of a channel in slots that are used again, listed by bank and direction in the order of their age.
/// The first slots hold no request: each is the end of a list, which is a ring through it, so that nothing is special at its ends.
/// It hits no row and its order makes a key of none.</summary>
internal sealed class RequestPool
{
    private const int HashBits = 12;
    private const int RowHashBits = 10;
    private const int NoRow = -2;

    /// <summary>No slot of a request.</summary>
    public const int None = 0;

    private readonly WaitingRequest[] _slots;
    private readonly int[] _free;
    private readonly int _lists;
    private readonly ushort[] _writesByHash = new ushort[1 << HashBits];
    private readonly ushort[] _byRow = new ushort[2 << RowHashBits];
    private int _freeCount;

    /// <summary>An empty pool.</summary>
    /// <param name="capacity">Requests held at most.</param>
    /// <param name="banks">Banks of the channel.</param>
    public RequestPool(int capacity, int banks)
    {
        _lists = 2 * banks;
        _slots = new WaitingRequest[_lists + capacity];
        _free = new int[capacity];
        for (int list = 0; list < _lists; list++)
        {
            _slots[list] = new WaitingRequest { Row = NoRow, Order = CandidateKey.None, Next = list, Previous = list };
        }

        for (int slot = _slots.Length - 1; slot >= _lists; slot--)
        {
            _free[_freeCount++] = slot;
        }
    }

    /// <summary>Requests held.</summary>
    public int Count => _free.Length - _freeCount;

    /// <summary>A request, or the end of a list.</summary>
    public ref WaitingRequest this[int slot] => ref _slots[slot];

    /// <summary>True if a slot is not the end of a list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsRequest(int slot) => slot >= _lists;

    /// <summary>The oldest read (direction 0) or write (1) listed for a bank, or the end of the list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Head(int bank, int direction) => _slots[(bank << 1) | direction].Next;

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
        int direction = Direction(request.IsWrite);
        int list = (request.Bank << 1) | direction;
        ref WaitingRequest end = ref _slots[list];
        int last = end.Previous;
        request.Next = list;
        request.Previous = last;
        end.Previous = slot;
        _slots[last].Next = slot;
        request.RowHash = (int)((((uint)request.Bank * 0x9E3779B1u) ^ ((uint)request.Row * 0x85EBCA6Bu)) >> (32 - RowHashBits)) << 1;
        _byRow[request.RowHash | direction]++;
    }

    /// <summary>Takes a request out of its bank's list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(int slot)
    {
        ref WaitingRequest request = ref _slots[slot];
        _slots[request.Previous].Next = request.Next;
        _slots[request.Next].Previous = request.Previous;
        _byRow[request.RowHash | Direction(request.IsWrite)]--;
    }

    /// <summary>The listed request of a bank and direction for an address, or none.</summary>
    public int Find(int bank, int direction, int row, int column)
    {
        for (int slot = Head(bank, direction); IsRequest(slot); slot = _slots[slot].Next)
        {
            if (_slots[slot].Row == row && _slots[slot].Column == column)
            {
                return slot;
            }
        }

        return None;
    }

    /// <summary>False if surely no request of a direction is listed for a row, which is given by the hash of a request for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayHoldRow(int rowHash, int direction) => _byRow[rowHash | direction] != 0;

    /// <summary>Gives the listed requests the lowest sequence numbers in the order that they have. Returns the next number.</summary>
    public int Renumber()
    {
        List<int> listed = [];
        for (int list = 0; list < _lists; list++)
        {
            for (int slot = _slots[list].Next; slot != list; slot = _slots[slot].Next)
            {
                listed.Add(slot);
            }
        }

        listed.Sort((one, other) => _slots[one].Order.CompareTo(_slots[other].Order));
        for (int sequence = 0; sequence < listed.Count; sequence++)
        {
            _slots[listed[sequence]].Order = CandidateKey.OfRequest(sequence, _slots[listed[sequence]].Bank);
        }

        return listed.Count;
    }

    /// <summary>False if surely no write of an address is held. Full queues of writes are so seldom searched in vain.</summary>
    public bool MayHoldWrite(int bank, int row, int column) => _writesByHash[Hash(bank, row, column)] != 0;

    /// <summary>Notes that a write is held.</summary>
    public void NoteWrite(int slot) => _writesByHash[Hash(_slots[slot].Bank, _slots[slot].Row, _slots[slot].Column)]++;

    /// <summary>Notes that a write is no longer held.</summary>
    public void ForgetWrite(int slot) => _writesByHash[Hash(_slots[slot].Bank, _slots[slot].Row, _slots[slot].Column)]--;

    private static int Direction(bool isWrite) => Unsafe.BitCast<bool, byte>(isWrite);

    private static int Hash(int bank, int row, int column) =>
        (int)((((uint)bank * 0x9E3779B1u) ^ ((uint)row * 0x85EBCA6Bu) ^ ((uint)column * 0xC2B2AE35u)) >> (32 - HashBits));
}
