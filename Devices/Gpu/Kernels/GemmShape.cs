namespace PimSim.Devices.Gpu.Kernels;

/// <summary>Equal, independent matrix products: [Rows, Inner] x [Inner, Columns], Batch times.</summary>
/// <param name="Batch">Products: one, or one for each head or expert.</param>
/// <param name="Rows">Rows of the first factor: tokens.</param>
/// <param name="Columns">Columns of the second factor.</param>
/// <param name="Inner">The dimension summed over.</param>
/// <param name="LeftBits">Width of a number of the first factor.</param>
/// <param name="RightBits">Width of a number of the second factor, as stored.</param>
/// <param name="ResultBits">Width of a number of the result.</param>
public readonly record struct GemmShape(long Batch, long Rows, long Columns, long Inner, int LeftBits, int RightBits, int ResultBits)
{
    /// <summary>Bytes of the first factors.</summary>
    public double LeftBytes => (double)Batch * Rows * Inner * LeftBits / 8;

    /// <summary>Bytes of the second factors.</summary>
    public double RightBytes => (double)Batch * Inner * Columns * RightBits / 8;

    /// <summary>Bytes of the results.</summary>
    public double ResultBytes => (double)Batch * Rows * Columns * ResultBits / 8;
}
