using System.Runtime.InteropServices;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>The sizes of activations as integers with scales.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct QuantisedShape
{
    /// <summary>Rows.</summary>
    public int Rows;

    /// <summary>Values of a row.</summary>
    public int Columns;

    /// <summary>Columns with one scale; divides the columns.</summary>
    public int GroupSize;

    /// <summary>Numbers from one row of values to the next.</summary>
    public int ValueStride;

    /// <summary>Words from one row of integers to the next.</summary>
    public int WordStride;

    /// <summary>Numbers from one row of scales to the next.</summary>
    public int ScaleStride;
}
