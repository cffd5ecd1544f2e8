using System.Runtime.InteropServices;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Rows that are worked on one value, or one row, at a time.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RowShape
{
    /// <summary>Rows.</summary>
    public int Rows;

    /// <summary>Columns of the result, or of the input where there is no other.</summary>
    public int Columns;

    /// <summary>Numbers from one row of the input to the next.</summary>
    public int InputStride;

    /// <summary>Numbers from one row of the second input to the next.</summary>
    public int OtherStride;

    /// <summary>Numbers from one row of the result to the next.</summary>
    public int ResultStride;
}
