using System.Globalization;
using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda;

/// <summary>
/// Keys and values in the memory of a device: keys channel by channel, values token by token, for every layer, sequence and head.
/// Where a model rotates, it holds also the sines and cosines of all its positions, computed in double precision.
/// </summary>
public sealed class CudaKvCache : KvCache, IDisposable
{
    // All keys, layer by layer, then all values.
    private readonly MemoryBuffer1D<byte, Stride1D.Dense> _stored;
    private readonly MemoryBuffer1D<float, Stride1D.Dense>? _rotations;
    private readonly long _layerBytes;
    private readonly int _layers;

    internal CudaKvCache(ModelShape shape, ModelNumerics numerics, object owner, CudaDevice device, int sequences, int capacity)
        : base(shape, sequences, capacity)
    {
        Owner = owner;
        _layers = shape.Layers;
        _layerBytes = shape.KvType.Bytes((long)sequences * capacity * shape.KvWidth);
        _stored = Reserve(device);
        if (shape.Position != PositionKind.Rotary)
        {
            return;
        }

        float[] rotations = Rotations(shape, numerics, capacity);
        _rotations = device.Allocate<float>(rotations.Length, "rotations");
        _rotations.View.BaseView.CopyFromCPU(device.Accelerator.DefaultStream, rotations);
    }

    /// <summary>Reserves room for one of the caches of an encoder-decoder.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="ofInput">Holds what cross-attention reads, not the decoder's own keys and values.</param>
    /// <param name="owner">Who can read it.</param>
    /// <param name="device">Where it lies.</param>
    /// <param name="sequences">Sequences to hold.</param>
    /// <param name="capacity">Tokens to reserve for each.</param>
    internal CudaKvCache(EncoderDecoderShape shape, bool ofInput, object owner, CudaDevice device, int sequences, int capacity)
        : base(shape, sequences, capacity)
    {
        Owner = owner;
        OfInput = ofInput;
        _layers = shape.DecoderLayers;
        _layerBytes = shape.KvType.Bytes((long)sequences * capacity * shape.AttentionWidth);
        _stored = Reserve(device);
    }

    /// <summary>Who can read it: another model's backend could not.</summary>
    internal object Owner { get; }

    /// <summary>Holds the keys and values of an encoder-decoder's input.</summary>
    internal bool OfInput { get; }

    internal ArrayView<float> RotationTable => (_rotations ?? throw new InvalidOperationException("nothing is rotated in this cache")).View.BaseView;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stored.Dispose();
        _rotations?.Dispose();
    }

    internal ArrayView<T> Keys<T>(int layer)
        where T : unmanaged => Layer<T>(layer);

    internal ArrayView<T> Values<T>(int layer)
        where T : unmanaged => Layer<T>(_layers + layer);

    private MemoryBuffer1D<byte, Stride1D.Dense> Reserve(CudaDevice device)
    {
        long bytes = 2 * _layerBytes * _layers;
        return bytes <= device.MemoryBytes
            ? device.Allocate<byte>(bytes, "keys and values")
            : throw new PimSimUserException(string.Create(
                CultureInfo.InvariantCulture,
                $"keys and values of {Sequences} x {Capacity} tokens take {bytes / 1e9:F1} GB, but {device.Name} has {device.MemoryBytes / 1e9:F1} GB; reserve fewer tokens or sequences"));
    }

    private static float[] Rotations(ModelShape shape, ModelNumerics numerics, int capacity)
    {
        int width = shape.RotaryWidth;
        int pairs = width / 2;
        RopeFrequencies frequencies = new(numerics, width);
        var table = new float[(long)capacity * width];
        for (int position = 0; position < capacity; position++)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                (float sine, float cosine) = frequencies.Rotation(position, pair);
                table[2 * (((long)position * pairs) + pair)] = cosine;
                table[(2 * (((long)position * pairs) + pair)) + 1] = sine;
            }
        }

        return table;
    }

    private ArrayView<T> Layer<T>(int index)
        where T : unmanaged =>
        new ArrayView1D<byte, Stride1D.Dense>(_stored.View.BaseView.SubView(index * _layerBytes, _layerBytes), _layerBytes, default).Cast<byte, T>().BaseView;
}
