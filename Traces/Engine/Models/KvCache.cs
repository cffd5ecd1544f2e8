using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Models;

/// <summary>
/// How many tokens of each sequence have keys and values. All sequences are equally long. A backend with data derives
/// from it to hold that data.
/// </summary>
public class KvCache
{
    private readonly string _model;

    /// <summary>Reserves room.</summary>
    /// <exception cref="PimSimUserException">The model has fewer positions than <paramref name="capacity"/>.</exception>
    public KvCache(ModelShape shape, int sequences, int capacity)
        : this((shape ?? throw new ArgumentNullException(nameof(shape))).Name, shape.MaxPositions, sequences, capacity)
    {
    }

    /// <summary>Reserves room for one of the caches of an encoder-decoder.</summary>
    /// <exception cref="PimSimUserException">The model has fewer positions than <paramref name="capacity"/>.</exception>
    public KvCache(EncoderDecoderShape shape, int sequences, int capacity)
        : this((shape ?? throw new ArgumentNullException(nameof(shape))).Name, shape.MaxPositions, sequences, capacity)
    {
    }

    private KvCache(string model, int maxPositions, int sequences, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        if (capacity > maxPositions)
        {
            throw new PimSimUserException($"a context of {capacity} tokens is too long for {model}, which has {maxPositions} positions");
        }

        _model = model;
        Sequences = sequences;
        Capacity = capacity;
    }

    /// <summary>Sequences held.</summary>
    public int Sequences { get; }

    /// <summary>Tokens reserved for each sequence.</summary>
    public int Capacity { get; }

    /// <summary>Tokens held of each sequence.</summary>
    public int Length { get; private set; }

    /// <summary>Makes room for new tokens of every sequence.</summary>
    /// <exception cref="PimSimUserException">More than was reserved; the length is unchanged.</exception>
    public void Extend(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        if (tokens > Capacity - Length)
        {
            throw new PimSimUserException($"{(long)Length + tokens} tokens of {_model} do not fit in the cache, which reserves {Capacity} per sequence");
        }

        Length += tokens;
    }

    /// <summary>Forgets every token from <paramref name="length"/> on, in all sequences.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }
}
