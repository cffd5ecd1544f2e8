namespace PimSim.Traces.Engine.Weights;

/// <summary>Weights that PimSim made itself (transposed, quantised): bytes in an array. Thread-safe for reading.</summary>
public sealed class CopiedWeights : IWeightMemory
{
    private readonly byte[] _bytes;

    /// <summary>Keeps <paramref name="bytes"/>, which nobody may change from now on.</summary>
    public CopiedWeights(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        _bytes = bytes;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(long offset, int length) => _bytes.AsSpan(checked((int)offset), length);
}
