using ILGPU;
using ILGPU.Runtime;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>Memory for one tensor after another; tensors that share it are views of each other.</summary>
internal sealed class ActivationPiece(MemoryBuffer1D<float, Stride1D.Dense> buffer)
{
    public MemoryBuffer1D<float, Stride1D.Dense> Buffer { get; } = buffer;

    /// <summary>The block that last took it.</summary>
    public long Block { get; set; }
}
