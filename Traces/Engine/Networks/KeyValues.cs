using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Networks;

/// <summary>Keys and values of one token in one layer.</summary>
/// <param name="Heads">Key/value heads.</param>
/// <param name="HeadDim">Width of a head.</param>
/// <param name="Type">Storage.</param>
/// <param name="KeyType">Storage of the keys where it is another (cosine attention of the VAR family keeps them in fp32); null where it is the same.</param>
public readonly record struct KeyValueShape(int Heads, int HeadDim, DataType Type, DataType? KeyType = null)
{
    /// <summary>Width of the keys; values are as wide.</summary>
    public int Width => Heads * HeadDim;

    /// <summary>Bytes of the keys and values of so many tokens.</summary>
    public long Bytes(long tokens) => (KeyType ?? Type).Bytes(Width * tokens) + Type.Bytes(Width * tokens);
}

/// <summary>
/// Keys and values of one layer: how many tokens of each sequence it holds, all sequences equally many. Which position a token has is the business
/// of whoever wrote it. A backend with data derives from it.
/// </summary>
public class KeyValues
{
    /// <summary>Reserves room.</summary>
    public KeyValues(KeyValueShape shape, int sequences, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.Heads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.HeadDim, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Shape = shape;
        Sequences = sequences;
        Capacity = capacity;
    }

    /// <summary>Of one token.</summary>
    public KeyValueShape Shape { get; }

    /// <summary>Sequences held.</summary>
    public int Sequences { get; }

    /// <summary>Tokens reserved for each.</summary>
    public int Capacity { get; }

    /// <summary>Tokens held of each.</summary>
    public int Length { get; private set; }

    /// <summary>Counts among what the device keeps: not one in the memory of the host, nor what a layer at work alone holds.</summary>
    public bool IsKept { get; set; } = true;

    /// <summary>Most tokens that were held of each so far.</summary>
    public int Peak { get; private set; }

    /// <summary>Holds what one operation needs and is no cache: it takes memory, but is not counted as keys and values kept.</summary>
    public bool IsBuffer { get; set; }

    /// <summary>Makes room.</summary>
    /// <exception cref="PimSimUserException">More than was reserved; the length is unchanged.</exception>
    public void Extend(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        if (tokens > Capacity - Length)
        {
            throw new PimSimUserException($"{(long)Length + tokens} tokens do not fit in a cache that reserves {Capacity} per sequence");
        }

        Length += tokens;
        Peak = Math.Max(Peak, Length);
    }

    /// <summary>Forgets every token from <paramref name="length"/> on.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }
}
