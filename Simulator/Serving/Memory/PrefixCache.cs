namespace PimSim.Simulator.Serving.Memory;

/// <summary>
/// Pieces of prompts as a tree: a piece is known by the one before it and its identity, so two prompts share only what they have
/// in common from the start. Counts the users of each piece. Unused ones wait in the order in which they fell idle, children
/// before their parents, so the oldest is always a leaf.
/// </summary>
internal sealed class PrefixCache
{
    private const int None = -1;

    private readonly Dictionary<(int Parent, long Id), int> _children = [];
    private Piece[] _pieces = new Piece[16];
    private int _count;
    private int _unusedSlots = None;
    private int _oldest = None;
    private int _newest = None;

    public PrefixMatch Match(ReadOnlySpan<long> ids)
    {
        int leaf = None;
        int depth = 0;
        int unused = 0;
        foreach (long id in ids)
        {
            if (!_children.TryGetValue((leaf, id), out int next))
            {
                break;
            }

            leaf = next;
            depth++;
            unused += _pieces[leaf].Users == 0 ? 1 : 0;
        }

        return new(leaf, depth, unused);
    }

    public void Acquire(int leaf)
    {
        for (int piece = leaf; piece != None; piece = _pieces[piece].Parent)
        {
            Use(piece);
        }
    }

    /// <summary>Returns how many pieces fell idle.</summary>
    public int Release(int leaf)
    {
        int idle = 0;
        for (int piece = leaf; piece != None; piece = _pieces[piece].Parent)
        {
            if (--_pieces[piece].Users == 0)
            {
                idle++;
                _pieces[piece].Previous = _newest;
                _pieces[piece].Next = None;
                Link(_newest, piece);
                _newest = piece;
            }
        }

        return idle;
    }

    /// <summary>Uses the child of a piece, which is created if need be.</summary>
    public int Extend(int parent, long id, out bool existed, out bool wasUnused)
    {
        existed = _children.TryGetValue((parent, id), out int piece);
        wasUnused = existed && _pieces[piece].Users == 0;
        if (!existed)
        {
            piece = _unusedSlots;
            if (piece != None)
            {
                _unusedSlots = _pieces[piece].Next;
            }
            else
            {
                if (_count == _pieces.Length)
                {
                    Array.Resize(ref _pieces, _count * 2);
                }

                piece = _count++;
            }

            _pieces[piece] = new Piece { Parent = parent, Id = id, Users = 1 };
            _children.Add((parent, id), piece);
            return piece;
        }

        Use(piece);
        return piece;
    }

    public void EvictOldest()
    {
        int piece = _oldest;
        Unlink(piece);
        _children.Remove((_pieces[piece].Parent, _pieces[piece].Id));
        _pieces[piece].Next = _unusedSlots;
        _unusedSlots = piece;
    }

    private void Use(int piece)
    {
        if (_pieces[piece].Users++ == 0)
        {
            Unlink(piece);
        }
    }

    private void Unlink(int piece)
    {
        Link(_pieces[piece].Previous, _pieces[piece].Next);
        if (_pieces[piece].Next == None)
        {
            _newest = _pieces[piece].Previous;
        }
        else
        {
            _pieces[_pieces[piece].Next].Previous = _pieces[piece].Previous;
        }
    }

    private void Link(int piece, int next)
    {
        if (piece == None)
        {
            _oldest = next;
        }
        else
        {
            _pieces[piece].Next = next;
        }
    }

    private struct Piece
    {
        public int Parent;
        public int Users;
        public int Previous;
        public int Next;
        public long Id;
    }
}
