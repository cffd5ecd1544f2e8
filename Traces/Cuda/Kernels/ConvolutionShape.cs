using System.Runtime.InteropServices;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>The sizes of a convolution over tokens.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ConvolutionShape
{
    /// <summary>Tokens of each sequence.</summary>
    public int Tokens;

    /// <summary>Results of each sequence.</summary>
    public int Results;

    /// <summary>Channels of a token.</summary>
    public int Channels;

    /// <summary>Length of the kernel in tokens.</summary>
    public int Taps;

    /// <summary>Tokens from one result to the next.</summary>
    public int Stride;

    /// <summary>Zeros before the first token.</summary>
    public int Padding;

    /// <summary>Numbers from one token to the next.</summary>
    public int InputStride;

    /// <summary>Numbers from one row of the result to the next.</summary>
    public int ResultStride;

    /// <summary>A bias is added: 1 or 0.</summary>
    public int HasBias;
}
