using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Backends.Cpu.Networks;

/// <summary>Keys and values in single precision. For each sequence and head the tokens lie in order.</summary>
public sealed class CpuKeyValues : KeyValues
{
    private readonly float[] _keys;
    private readonly float[] _values;

    /// <summary>Reserves room.</summary>
    /// <exception cref="PimSimUserException">It would not fit in an array.</exception>
    internal CpuKeyValues(KeyValueShape shape, int sequences, int capacity)
        : base(shape, sequences, capacity)
    {
        long size = (long)sequences * capacity * shape.Width;
        if (size > Array.MaxLength)
        {
            throw new PimSimUserException($"{sequences} sequences of {capacity} tokens need {size} numbers per layer, more than the CPU backend holds ({Array.MaxLength}); use fewer or shorter ones");
        }

        _keys = new float[size];
        _values = new float[size];
    }

    /// <summary>The key of a token of a head.</summary>
    public Span<float> Key(int sequence, int head, int token) => _keys.AsSpan(Start(sequence, head, token), Shape.HeadDim);

    /// <summary>The value of a token of a head.</summary>
    public Span<float> Value(int sequence, int head, int token) => _values.AsSpan(Start(sequence, head, token), Shape.HeadDim);

    private int Start(int sequence, int head, int token) => ((((sequence * Shape.Heads) + head) * Capacity) + token) * Shape.HeadDim;
}
