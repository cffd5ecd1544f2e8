using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Keys and values in single precision. For each sequence and key/value head the tokens lie in order.</summary>
public sealed class CpuKvCache : KvCache
{
    private readonly float[][] _keys;
    private readonly float[][] _values;
    private readonly float[] _cosines;
    private readonly float[] _sines;
    private readonly int _kvHeads;
    private readonly int _headDim;
    private readonly int _pairs;

    /// <summary>Reserves room.</summary>
    /// <exception cref="PimSimUserException">The model has fewer positions, or a layer would not fit in an array.</exception>
    internal CpuKvCache(ModelShape shape, ModelNumerics numerics, int sequences, int capacity)
        : base(shape, sequences, capacity)
    {
        _kvHeads = shape.KvHeads;
        _headDim = shape.HeadDim;
        (_keys, _values) = Reserve(shape.Name, shape.Layers);
        _pairs = shape.Position == PositionKind.Rotary ? shape.RotaryWidth / 2 : 0;
        _cosines = new float[capacity * _pairs];
        _sines = new float[capacity * _pairs];
        RopeFrequencies frequencies = new(numerics, 2 * _pairs);
        for (int pair = 0; pair < _pairs; pair++)
        {
            for (int position = 0; position < capacity; position++)
            {
                (_sines[(position * _pairs) + pair], _cosines[(position * _pairs) + pair]) = frequencies.Rotation(position, pair);
            }
        }
    }

    /// <summary>Reserves room for an encoder-decoder.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="layers">Layers to hold.</param>
    /// <param name="sequences">Sequences to hold.</param>
    /// <param name="capacity">Tokens to reserve for each.</param>
    /// <exception cref="PimSimUserException">The model has fewer positions, or a layer would not fit in an array.</exception>
    internal CpuKvCache(EncoderDecoderShape shape, int layers, int sequences, int capacity)
        : base(shape, sequences, capacity)
    {
        _kvHeads = shape.Heads;
        _headDim = shape.HeadDim;
        (_keys, _values) = Reserve(shape.Name, layers);
        _cosines = _sines = [];
    }

    /// <summary>Number of layers held.</summary>
    internal int Layers => _keys.Length;

    /// <summary>Position of one of the newest tokens, which come sequence by sequence.</summary>
    internal int Position(int token, int tokens)
    {
        int perSequence = tokens / Sequences;
        return Length - perSequence + (token % perSequence);
    }

    internal ReadOnlySpan<float> Cosines(int position) => _cosines.AsSpan(position * _pairs, _pairs);

    internal ReadOnlySpan<float> Sines(int position) => _sines.AsSpan(position * _pairs, _pairs);

    /// <summary>The keys of the first <paramref name="tokens"/> tokens of one head.</summary>
    internal ReadOnlySpan<float> Keys(int layer, int sequence, int head, int tokens) => _keys[layer].AsSpan(Start(sequence, head, 0), tokens * _headDim);

    /// <summary>The values of the first <paramref name="tokens"/> tokens of one head.</summary>
    internal ReadOnlySpan<float> Values(int layer, int sequence, int head, int tokens) => _values[layer].AsSpan(Start(sequence, head, 0), tokens * _headDim);

    internal Span<float> Key(int layer, int sequence, int head, int position) => _keys[layer].AsSpan(Start(sequence, head, position), _headDim);

    internal Span<float> Value(int layer, int sequence, int head, int position) => _values[layer].AsSpan(Start(sequence, head, position), _headDim);

    private (float[][] Keys, float[][] Values) Reserve(string model, int layers)
    {
        long size = (long)Sequences * _kvHeads * Capacity * _headDim;
        if (size > Array.MaxLength)
        {
            throw new PimSimUserException(
                $"{Sequences} sequences of {Capacity} tokens of {model} need {size} key values per layer, more than the CPU backend holds ({Array.MaxLength}); use fewer or shorter ones");
        }

        float[][] keys = new float[layers][];
        float[][] values = new float[layers][];
        for (int layer = 0; layer < layers; layer++)
        {
            keys[layer] = new float[size];
            values[layer] = new float[size];
        }

        return (keys, values);
    }

    private int Start(int sequence, int head, int position) => ((((sequence * _kvHeads) + head) * Capacity) + position) * _headDim;
}
