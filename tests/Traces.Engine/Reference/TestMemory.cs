using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>Weights in an array.</summary>
internal sealed class TestMemory(byte[] bytes) : IWeightMemory
{
    public ReadOnlySpan<byte> Bytes(long offset, int length) => bytes.AsSpan((int)offset, length);
}
