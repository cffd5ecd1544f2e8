using System.Collections.Immutable;

namespace PimSim.Traces.Format.Operators;

/// <summary>Equal weight matrices [Inputs, Outputs], one per instance (layer), with their biases.</summary>
public readonly record struct WeightMatrix(OperatorRole Role, int Inputs, int Outputs, bool Bias, int Instances);

/// <summary>Everything a device must hold before the first step: weights and the cache reserved for the whole context.</summary>
/// <param name="Model">Name, for messages.</param>
/// <param name="Matrices">Matrices in the order of use; a table that is also the output head is listed once, as the head.</param>
/// <param name="OtherParameters">Norm weights, position table and separate embedding table, in elements.</param>
/// <param name="Layers">Layers that keep keys and values.</param>
/// <param name="KvWidth">Elements of one token's keys in one layer: KV heads x head dimension. Values take as many again.</param>
/// <param name="HeadDim">Width of one head.</param>
/// <param name="ReservedContext">Tokens per sequence to reserve.</param>
/// <param name="Sequences">Sequences held at once.</param>
/// <param name="WeightType">Storage of weights.</param>
/// <param name="KvType">Storage of keys and values.</param>
public sealed record ModelFootprint(
    string Model,
    ImmutableArray<WeightMatrix> Matrices,
    long OtherParameters,
    int Layers,
    int KvWidth,
    int HeadDim,
    int ReservedContext,
    int Sequences,
    DataType WeightType,
    DataType KvType)
{
    /// <summary>Devices that share the model; if there are several, all sizes are those of one of them, and its steps are that one's part.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>Bytes of caches beside the one described: those of a draft network, of cross-attention, of buffers.</summary>
    public long OtherKvBytes { get; init; }
    /// <summary>What one device of each stage holds, where the layers are shared out over several; empty otherwise.</summary>
    public ImmutableArray<ModelFootprint> Stages { get; init; } = [];

    /// <summary>Number of parameters.</summary>
    public long Parameters => OtherParameters + Matrices.Sum(matrix => (((long)matrix.Inputs + (matrix.Bias ? 1 : 0)) * matrix.Outputs) * matrix.Instances);

    /// <summary>Bytes of all parameters.</summary>
    public long WeightBytes => WeightType.Bytes(Parameters);

    /// <summary>Bytes of the reserved keys and values.</summary>
    public long KvBytes => KvType.Bytes(2L * Layers * KvWidth * ReservedContext * Sequences) + OtherKvBytes;

    /// <inheritdoc/>
    public bool Equals(ModelFootprint? other) => other is not null
        && (Model, OtherParameters, Layers, KvWidth, HeadDim) == (other.Model, other.OtherParameters, other.Layers, other.KvWidth, other.HeadDim)
        && (ReservedContext, Sequences, WeightType, KvType, Ranks, OtherKvBytes) == (other.ReservedContext, other.Sequences, other.WeightType, other.KvType, other.Ranks, other.OtherKvBytes)
        && Matrices.AsSpan().SequenceEqual(other.Matrices.AsSpan())
        && Stages.AsSpan().SequenceEqual(other.Stages.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Model, Layers, KvWidth, ReservedContext, Sequences);
}

/// <summary>What the simulator replays: a footprint and a stream of steps, produced while it is consumed.</summary>
public interface IStepSource
{
    /// <summary>What must be in memory before the first step.</summary>
    ModelFootprint Footprint { get; }

    /// <summary>The steps, in order. Each call starts over and yields the same steps.</summary>
    IEnumerable<Step> Steps();
}
