namespace PimSim.Traces.Format.Files;

/// <summary>
/// Walks over one structure of Thrift's compact protocol without keeping it: proves that it ends within its bytes, that nothing in it is
/// larger than these bytes, and that it is not nested deeply. The Parquet library reads by recursion and believes sizes, so it gets nothing
/// that has not passed here. Written from the protocol's specification (apache/thrift, doc/specs/thrift-compact-protocol.md).
/// </summary>
internal ref struct ThriftStructure
{
    private const int DeepestNesting = 16;
    private const int LongestVarint = 10;

    private const int True = 1;
    private const int False = 2;
    private const int Byte = 3;
    private const int I16 = 4;
    private const int I64 = 6;
    private const int Double = 7;
    private const int Binary = 8;
    private const int List = 9;
    private const int Set = 10;
    private const int Map = 11;
    private const int Structure = 12;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly Span<long> _topIntegers;
    private int _at;

    private ThriftStructure(ReadOnlySpan<byte> bytes, Span<long> topIntegers)
    {
        _bytes = bytes;
        _topIntegers = topIntegers;
    }

    /// <summary>Walks over the structure at the beginning of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">What it must end in.</param>
    /// <param name="topIntegers">Filled with the integers among its own fields, by field number; others are left as they are.</param>
    /// <returns>Its length, or -1 if it is broken.</returns>
    public static int Length(ReadOnlySpan<byte> bytes, Span<long> topIntegers)
    {
        ThriftStructure walk = new(bytes, topIntegers);
        return walk.SkipStructure(0) ? walk._at : -1;
    }

    private bool SkipStructure(int depth)
    {
        long field = 0;
        while (_at < _bytes.Length && depth < DeepestNesting)
        {
            byte header = _bytes[_at++];
            if (header == 0)
            {
                return true;
            }

            int delta = header >> 4;
            if (delta == 0 && !TryZigZag(out field))
            {
                return false;
            }

            field += delta;
            int type = header & 15;
            int before = _at;
            if (!SkipValue(type, depth, inCollection: false))
            {
                return false;
            }

            if (depth == 0 && type is >= I16 and <= I64 && field >= 0 && field < _topIntegers.Length)
            {
                (int after, _at) = (_at, before);
                TryZigZag(out _topIntegers[(int)field]);
                _at = after;
            }
        }

        return false;
    }

    private bool SkipValue(int type, int depth, bool inCollection) => type switch
    {
        // A flag of a structure stands in the field's header.
        True or False => !inCollection || Skip(1),
        Byte => Skip(1),
        >= I16 and <= I64 => TryVarint(out _),
        Double => Skip(sizeof(double)),
        Binary => TryVarint(out ulong length) && length <= int.MaxValue && Skip((int)length),
        List or Set => SkipList(depth + 1),
        Map => SkipMap(depth + 1),
        Structure => SkipStructure(depth + 1),
        _ => false,
    };

    private bool SkipList(int depth)
    {
        if (_at >= _bytes.Length || depth >= DeepestNesting)
        {
            return false;
        }

        byte header = _bytes[_at++];
        ulong count = (ulong)header >> 4;
        return (count < 15 || TryVarint(out count)) && SkipItems(count, header & 15, depth);
    }

    private bool SkipMap(int depth)
    {
        if (!TryVarint(out ulong count) || depth >= DeepestNesting)
        {
            return false;
        }

        if (count == 0)
        {
            return true;
        }

        if (_at >= _bytes.Length || count > (ulong)(_bytes.Length - _at))
        {
            return false;
        }

        byte types = _bytes[_at++];
        for (ulong i = 0; i < count; i++)
        {
            if (!SkipValue(types >> 4, depth, inCollection: true) || !SkipValue(types & 15, depth, inCollection: true))
            {
                return false;
            }
        }

        return true;
    }

    private bool SkipItems(ulong count, int type, int depth)
    {
        // Every item takes a byte at least, so that more items than bytes are a lie.
        if (count > (ulong)(_bytes.Length - _at))
        {
            return false;
        }

        for (ulong i = 0; i < count; i++)
        {
            if (!SkipValue(type, depth, inCollection: true))
            {
                return false;
            }
        }

        return true;
    }

    private bool Skip(int bytes)
    {
        if (bytes > _bytes.Length - _at)
        {
            return false;
        }

        _at += bytes;
        return true;
    }

    private bool TryZigZag(out long number)
    {
        bool read = TryVarint(out ulong raw);
        number = (long)(raw >> 1) ^ -(long)(raw & 1);
        return read;
    }

    private bool TryVarint(out ulong number)
    {
        number = 0;
        for (int i = 0; i < LongestVarint && _at < _bytes.Length; i++)
        {
            byte next = _bytes[_at++];
            number |= (ulong)(next & 127) << (7 * i);
            if (next < 128)
            {
                return true;
            }
        }

        return false;
    }
}
