using System.Runtime.InteropServices;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>The sizes of Fourier transforms.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FourierShape
{
    /// <summary>Values of a signal.</summary>
    public int Length;

    /// <summary>Signals of a group, whose values at one position stand side by side.</summary>
    public int Signals;

    /// <summary>The product of the factors of the length that are done.</summary>
    public int Done;

    /// <summary>The factor at hand.</summary>
    public int Factor;

    /// <summary>In the tensor that is read or written: numbers from one group of signals to the next.</summary>
    public int OuterStride;

    /// <summary>In the tensor that is read or written: numbers from one position of a signal to the next.</summary>
    public int PositionStride;
}

/// <summary>A complex number, loaded at once.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ComplexSingle
{
    public float Real;
    public float Imaginary;
}
