using System.Runtime.InteropServices;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>The sizes of a product [Rows, Inputs] x [Outputs, Inputs]^T.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinearShape
{
    /// <summary>Rows of the input and the result.</summary>
    public int Rows;

    /// <summary>Columns of the input and of each weight row.</summary>
    public int Inputs;

    /// <summary>Rows of the weights, columns of the result.</summary>
    public int Outputs;

    /// <summary>Chunks from one row of weights to the next.</summary>
    public int WeightStride;

    /// <summary>Numbers from one row of the input to the next; a multiple of <see cref="Quad.Values"/> for matrix-vector products.</summary>
    public int InputStride;

    /// <summary>Numbers from one row of the result to the next.</summary>
    public int ResultStride;

    /// <summary>The weights have scales: 1 or 0.</summary>
    public int HasScales;

    /// <summary>Columns of weights with one scale; not 0 even if there are none, as a GPU divides by it all the same.</summary>
    public int GroupSize;

    /// <summary>Leading chunks of a row that are full and lie within one scale each; the columns after them are taken one by one.</summary>
    public int WholeChunks;

    /// <summary>A bias is added: 1 or 0.</summary>
    public int HasBias;
}
