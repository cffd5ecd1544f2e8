using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Sums over one row in the order of <see cref="RowProducts"/>, which depends on the length alone.</summary>
internal static class RowSums
{
    /// <summary>Sum of all values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Sum(ReadOnlySpan<float> row)
    {
        ref float start = ref MemoryMarshal.GetReference(row);
        Vector512<float> sums = Vector512<float>.Zero;
        int column = 0;
        for (; column <= row.Length - Vector512<float>.Count; column += Vector512<float>.Count)
        {
            sums += Vector512.LoadUnsafe(ref start, (nuint)column);
        }

        float sum = Vector512.Sum(sums);
        for (; column < row.Length; column++)
        {
            sum += row[column];
        }

        return sum;
    }

    /// <summary>Sum of the squares of the distances to a centre.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SquaredDistances(ReadOnlySpan<float> row, float centre)
    {
        ref float start = ref MemoryMarshal.GetReference(row);
        Vector512<float> sums = Vector512<float>.Zero;
        int column = 0;
        for (; column <= row.Length - Vector512<float>.Count; column += Vector512<float>.Count)
        {
            Vector512<float> distance = Vector512.LoadUnsafe(ref start, (nuint)column) - Vector512.Create(centre);
            sums = Vector512.FusedMultiplyAdd(distance, distance, sums);
        }

        float sum = Vector512.Sum(sums);
        for (; column < row.Length; column++)
        {
            float distance = row[column] - centre;
            sum = MathF.FusedMultiplyAdd(distance, distance, sum);
        }

        return sum;
    }

    /// <summary>Sum of rows, each times its own factor: row after row for every column.</summary>
    /// <param name="factors">One for each row.</param>
    /// <param name="rows">The rows, packed.</param>
    /// <param name="result">One sum for each column.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weighted(ReadOnlySpan<float> factors, ReadOnlySpan<float> rows, Span<float> result)
    {
        int width = result.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(rows.Length, factors.Length * width);
        ref float start = ref MemoryMarshal.GetReference(rows);
        int lanes = Vector512<float>.Count;
        int column = 0;
        for (; column <= width - (4 * lanes); column += 4 * lanes)
        {
            Vector512<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            ref float row = ref Unsafe.Add(ref start, column);
            foreach (float factor in factors)
            {
                Vector512<float> p = Vector512.Create(factor);
                sum0 = Vector512.FusedMultiplyAdd(p, Vector512.LoadUnsafe(ref row), sum0);
                sum1 = Vector512.FusedMultiplyAdd(p, Vector512.LoadUnsafe(ref row, (nuint)lanes), sum1);
                sum2 = Vector512.FusedMultiplyAdd(p, Vector512.LoadUnsafe(ref row, (nuint)(2 * lanes)), sum2);
                sum3 = Vector512.FusedMultiplyAdd(p, Vector512.LoadUnsafe(ref row, (nuint)(3 * lanes)), sum3);
                row = ref Unsafe.Add(ref row, width);
            }

            sum0.CopyTo(result[column..]);
            sum1.CopyTo(result[(column + lanes)..]);
            sum2.CopyTo(result[(column + (2 * lanes))..]);
            sum3.CopyTo(result[(column + (3 * lanes))..]);
        }

        for (; column <= width - lanes; column += lanes)
        {
            Vector512<float> sum = default;
            ref float row = ref Unsafe.Add(ref start, column);
            foreach (float factor in factors)
            {
                sum = Vector512.FusedMultiplyAdd(Vector512.Create(factor), Vector512.LoadUnsafe(ref row), sum);
                row = ref Unsafe.Add(ref row, width);
            }

            sum.CopyTo(result[column..]);
        }

        for (; column < width; column++)
        {
            float sum = 0;
            for (int index = 0; index < factors.Length; index++)
            {
                sum = MathF.FusedMultiplyAdd(factors[index], rows[(index * width) + column], sum);
            }

            result[column] = sum;
        }
    }
}
