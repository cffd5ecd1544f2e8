using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PimSim.Traces.Training.Numerics;

/// <summary>
/// Vectors of 512 bits in either precision. Lanes and order of sums are the same on every machine, whatever its vectors, so that
/// a seed gives the same weights everywhere.
/// </summary>
internal static class Lanes
{
    /// <summary>a x b + c with one rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyAdd<T>(Vector512<T> a, Vector512<T> b, Vector512<T> c)
    {
        if (typeof(T) == typeof(float))
        {
            return Vector512.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>();
        }

        if (typeof(T) == typeof(double))
        {
            return Vector512.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();
        }

        return (a * b) + c;
    }

    /// <summary>The sum of the products of two rows.</summary>
    public static T Dot<T>(ReadOnlySpan<T> left, ReadOnlySpan<T> right)
        where T : IBinaryFloatingPointIeee754<T>
    {
        if (left.Length != right.Length)
        {
            throw new ArgumentException("rows of different lengths", nameof(right));
        }

        int lanes = Vector512<T>.Count;
        int i = 0;
        Vector512<T> sum = Vector512<T>.Zero;
        ref T a = ref MemoryMarshal.GetReference(left);
        ref T b = ref MemoryMarshal.GetReference(right);
        for (; i <= left.Length - lanes; i += lanes)
        {
            sum = MultiplyAdd(Vector512.LoadUnsafe(ref a, (nuint)i), Vector512.LoadUnsafe(ref b, (nuint)i), sum);
        }

        T total = Total(sum);
        for (; i < left.Length; i++)
        {
            total += left[i] * right[i];
        }

        return total;
    }

    /// <summary>The sum of a row.</summary>
    public static T Sum<T>(ReadOnlySpan<T> row)
        where T : IBinaryFloatingPointIeee754<T>
    {
        int lanes = Vector512<T>.Count;
        int i = 0;
        Vector512<T> sum = Vector512<T>.Zero;
        ref T a = ref MemoryMarshal.GetReference(row);
        for (; i <= row.Length - lanes; i += lanes)
        {
            sum += Vector512.LoadUnsafe(ref a, (nuint)i);
        }

        T total = Total(sum);
        for (; i < row.Length; i++)
        {
            total += row[i];
        }

        return total;
    }

    private static T Total<T>(Vector512<T> lanes)
        where T : IBinaryFloatingPointIeee754<T>
    {
        // One lane after the other: Vector512.Sum leaves its order open.
        T total = T.Zero;
        for (int lane = 0; lane < Vector512<T>.Count; lane++)
        {
            total += lanes.GetElement(lane);
        }

        return total;
    }
}
