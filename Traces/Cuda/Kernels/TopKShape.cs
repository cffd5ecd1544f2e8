using System.Runtime.InteropServices;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>The sizes of a choice of the largest values of each row.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TopKShape
{
    /// <summary>Columns of the input.</summary>
    public int Candidates;

    /// <summary>Columns of the result, at most as many.</summary>
    public int Count;

    /// <summary>Numbers from one row of the input to the next.</summary>
    public int InputStride;

    /// <summary>Numbers from one row of the result to the next.</summary>
    public int ResultStride;
}
