using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers;

/// <summary>Keeps shapes from files within what <see cref="OperatorCost"/> can count in 64 bits.</summary>
internal static class OperatorBounds
{
    // OperatorCost multiplies such a product by 5 at most, and by 4 bytes.
    private const long MaximumProduct = 1L << 58;

    /// <summary>Whether FLOPs and bytes of an operator can be counted.</summary>
    public static bool Fits(in Operator op)
    {
        Int128 matrix = (Int128)op.Rows * Math.Max(1, op.Inputs) * Math.Max(1, op.Outputs);
        Int128 heads = (Int128)Math.Max(1, op.Heads) * Math.Max(1, op.HeadDim);
        Int128 scores = (Int128)op.Rows * Math.Max(1, op.Context);
        Int128 cached = (Int128)Math.Max(1, op.Sequences) * Math.Max(1, op.Context);

        // Each factor is below 2^62, so that their products fit in 127 bits.
        return matrix <= MaximumProduct && scores <= MaximumProduct / heads && cached <= MaximumProduct / heads;
    }
}
