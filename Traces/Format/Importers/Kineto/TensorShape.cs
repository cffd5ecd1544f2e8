using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>Sizes of a tensor seen as a matrix: all leading sizes are rows, the last is the width.</summary>
internal static class TensorShape
{
    /// <summary>Product of sizes as a positive number of 31 bits; false if it is none.</summary>
    public static bool TryCount(ReadOnlySpan<long> sizes, out int count)
    {
        long product = 1;
        foreach (long size in sizes)
        {
            if (size is < 1 or > int.MaxValue || product > int.MaxValue)
            {
                product = 0;
                break;
            }

            product *= size;
        }

        count = (int)Math.Clamp(product, 0, int.MaxValue);
        return product is >= 1 and <= int.MaxValue;
    }

    /// <summary>Rows and width; false for a scalar, an empty tensor or one that is too large.</summary>
    public static bool TryRows(ReadOnlySpan<long> sizes, out int rows, out int width)
    {
        rows = width = 0;
        return !sizes.IsEmpty && TryCount(sizes[..^1], out rows) && TryCount(sizes[^1..], out width);
    }

    /// <summary>An operator with one storage type throughout and no role that we know.</summary>
    public static Operator New(OperatorKind kind, OperatorRole role, int rows, DataType type) => new()
    {
        Kind = kind,
        Role = role,
        Phase = Phase.Prefill,
        Rows = rows,
        WeightType = type,
        ActivationType = type,
        KvType = type,
    };
}
