using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Networks;

/// <summary>How heads are rotated by position. Keeps the sines and cosines that were asked for. Not thread-safe.</summary>
public sealed class Rotary
{
    private readonly RopeFrequencies _frequencies;
    private readonly Dictionary<int, (float[] Sines, float[] Cosines)> _rotations = [];

    /// <summary>Rotates as these numbers say.</summary>
    /// <param name="headDim">Width of a head.</param>
    /// <param name="width">Rotated channels of a head, from the first on; even.</param>
    /// <param name="numerics">Base, scaling and pairs.</param>
    public Rotary(int headDim, int width, ModelNumerics numerics)
    {
        ArgumentNullException.ThrowIfNull(numerics);
        if (width < 2 || width % 2 != 0 || width > headDim)
        {
            throw new ArgumentException($"{width} of {headDim} channels cannot be rotated", nameof(width));
        }

        HeadDim = headDim;
        Width = width;
        Pairs = numerics.RopePairs;
        _frequencies = new RopeFrequencies(numerics, width);
    }

    /// <summary>Width of a head.</summary>
    public int HeadDim { get; }

    /// <summary>Rotated channels of a head.</summary>
    public int Width { get; }

    /// <summary>Which channels turn together.</summary>
    public RopePairs Pairs { get; }

    /// <summary>The rotary embedding of a decoder; null where its positions are learned.</summary>
    public static Rotary? Of(ModelShape shape, ModelNumerics numerics)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return shape.Position == PositionKind.Rotary ? new Rotary(shape.HeadDim, shape.RotaryWidth, numerics) : null;
    }

    /// <summary>Sines and cosines of all pairs at a position.</summary>
    public (ReadOnlyMemory<float> Sines, ReadOnlyMemory<float> Cosines) At(int position)
    {
        if (!_rotations.TryGetValue(position, out (float[] Sines, float[] Cosines) rotation))
        {
            rotation = (new float[Width / 2], new float[Width / 2]);
            for (int pair = 0; pair < Width / 2; pair++)
            {
                (rotation.Sines[pair], rotation.Cosines[pair]) = _frequencies.Rotation(position, pair);
            }

            _rotations.Add(position, rotation);
        }

        return (rotation.Sines, rotation.Cosines);
    }
}
