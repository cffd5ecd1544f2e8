using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda;

/// <summary>
/// Activations as integers with scales in the memory of the device, each row packed into whole words. Lives as long as a
/// <see cref="CudaTensor"/> made at its place.
/// </summary>
public readonly record struct CudaQuantised : IQuantisedTensor
{
    internal CudaQuantised(CudaTensor words, CudaTensor scales, int columns, DataType type, int groupSize)
    {
        Words = words;
        Scales = scales;
        Columns = columns;
        Type = type;
        GroupSize = groupSize;
    }

    /// <inheritdoc/>
    public int Rows => Words.Rows;

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public DataType Type { get; }

    /// <inheritdoc/>
    public int GroupSize { get; }

    /// <inheritdoc/>
    public DataType ActivationType => DataType.Fp32;

    /// <summary>The integers: words of 32 bits where a tensor has numbers, the earlier column in the lower bits.</summary>
    internal CudaTensor Words { get; }

    /// <summary>[rows, groups].</summary>
    internal CudaTensor Scales { get; }

    /// <summary>Words that hold the integers of a row.</summary>
    internal static int RowWords(int columns, DataType type) => (int)((type.Bytes(columns) + sizeof(uint) - 1) / sizeof(uint));

    /// <inheritdoc/>
    public override string ToString() => $"[{Rows}, {Columns}] of {Type}";
}
