using System.Runtime.InteropServices;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>What a thread loads at once: 128 bits of packed weights. Every row of a matrix is padded to whole chunks with zeros.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Chunk
{
    /// <summary>Words of a chunk.</summary>
    public const int Words = 4;

    public uint Word0;
    public uint Word1;
    public uint Word2;
    public uint Word3;
}

/// <summary>Four neighbouring activations, loaded at once.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Quad
{
    /// <summary>Values of a quad.</summary>
    public const int Values = 4;

    public float Value0;
    public float Value1;
    public float Value2;
    public float Value3;
}
