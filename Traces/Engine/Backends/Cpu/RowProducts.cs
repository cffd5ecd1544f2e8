using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Products of rows of weights with rows of activations. Each sum has one order whatever kernel computes it: 16 interleaved partial sums
/// by fused multiply-add, these added up, then the columns that fill no vector one by one. So a result does not depend on how many rows
/// or tokens are computed at once, nor on addresses (which <c>TensorPrimitives.Dot</c> and <c>Sum</c> do not promise).
/// </summary>
internal static class RowProducts
{
    /// <summary>Rows that the kernels take at once.</summary>
    public const int RowsAtOnce = 4;

    /// <summary>Tokens that <see cref="FourByFour"/> takes at once.</summary>
    public const int TokensAtOnce = 4;

    private const int Lanes = 16;

    /// <summary>Vectors of stored weights can be decoded: groups with a scale of their own begin where vectors begin.</summary>
    public static bool Direct(int groupSize) => groupSize % Lanes == 0;

    /// <summary>Four rows with one token.</summary>
    /// <param name="weights">First row.</param>
    /// <param name="rowBytes">From one row to the next.</param>
    /// <param name="scales">Scales of the first row, for types that have them.</param>
    /// <param name="groupSize">Columns with one scale, a multiple of 16; 0 for types without.</param>
    /// <param name="token">Activations.</param>
    /// <param name="columns">Length of a row.</param>
    /// <param name="results">Four sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByOne<TDecoder>(ref byte weights, nuint rowBytes, ref float scales, int groupSize, ref float token, int columns, ref float results)
        where TDecoder : struct, IWeightDecoder
    {
        ref byte row1 = ref Unsafe.Add(ref weights, rowBytes);
        ref byte row2 = ref Unsafe.Add(ref row1, rowBytes);
        ref byte row3 = ref Unsafe.Add(ref row2, rowBytes);
        Vector512<float> sum0 = Vector512<float>.Zero;
        Vector512<float> sum1 = Vector512<float>.Zero;
        Vector512<float> sum2 = Vector512<float>.Zero;
        Vector512<float> sum3 = Vector512<float>.Zero;
        nuint whole = (nuint)(columns / Lanes * Lanes);
        nuint column = 0;
        if (TDecoder.Scaled)
        {
            int groups = columns / groupSize;
            for (int group = 0; group < groups; group++)
            {
                Vector512<float> scale0 = Vector512.Create(Unsafe.Add(ref scales, group));
                Vector512<float> scale1 = Vector512.Create(Unsafe.Add(ref scales, group + groups));
                Vector512<float> scale2 = Vector512.Create(Unsafe.Add(ref scales, group + (2 * groups)));
                Vector512<float> scale3 = Vector512.Create(Unsafe.Add(ref scales, group + (3 * groups)));
                for (nuint end = column + (nuint)groupSize; column < end; column += Lanes)
                {
                    Prefetch.Ahead<TDecoder>(ref weights, rowBytes, column);
                    Vector512<float> x = Vector512.LoadUnsafe(ref token, column);
                    sum0 = Vector512.FusedMultiplyAdd(TDecoder.Load(ref weights, column) * scale0, x, sum0);
                    sum1 = Vector512.FusedMultiplyAdd(TDecoder.Load(ref row1, column) * scale1, x, sum1);
                    sum2 = Vector512.FusedMultiplyAdd(TDecoder.Load(ref row2, column) * scale2, x, sum2);
                    sum3 = Vector512.FusedMultiplyAdd(TDecoder.Load(ref row3, column) * scale3, x, sum3);
                }
            }
        }
        else
        {
            for (; column < whole; column += Lanes)
            {
                Prefetch.Ahead<TDecoder>(ref weights, rowBytes, column);
                Vector512<float> x = Vector512.LoadUnsafe(ref token, column);
                sum0 = Vector512.FusedMultiplyAdd(TDecoder.Load(ref weights, column), x, sum0);
                sum1 = Vector512.FusedMultiplyAdd(TDecoder.Load(ref row1, column), x, sum1);
                sum2 = Vector512.FusedMultiplyAdd(TDecoder.Load(ref row2, column), x, sum2);
                sum3 = Vector512.FusedMultiplyAdd(TDecoder.Load(ref row3, column), x, sum3);
            }
        }

        // All vectors are folded before the first call, so that they can stay in registers.
        results = Vector512.Sum(sum0);
        Unsafe.Add(ref results, 1) = Vector512.Sum(sum1);
        Unsafe.Add(ref results, 2) = Vector512.Sum(sum2);
        Unsafe.Add(ref results, 3) = Vector512.Sum(sum3);
        if (column < (nuint)columns)
        {
            AddRest<TDecoder>(ref weights, ref token, column, columns, ref results);
            AddRest<TDecoder>(ref row1, ref token, column, columns, ref Unsafe.Add(ref results, 1));
            AddRest<TDecoder>(ref row2, ref token, column, columns, ref Unsafe.Add(ref results, 2));
            AddRest<TDecoder>(ref row3, ref token, column, columns, ref Unsafe.Add(ref results, 3));
        }
    }

    /// <summary>One row with one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float OneByOne<TDecoder>(ref byte weights, ref float scales, int groupSize, ref float token, int columns)
        where TDecoder : struct, IWeightDecoder
    {
        Vector512<float> sum = Vector512<float>.Zero;
        nuint whole = (nuint)(columns / Lanes * Lanes);
        nuint column = 0;
        for (int group = 0; column < whole; group++)
        {
            Vector512<float> scale = TDecoder.Scaled ? Vector512.Create(Unsafe.Add(ref scales, group)) : default;
            for (nuint end = TDecoder.Scaled ? column + (nuint)groupSize : whole; column < end; column += Lanes)
            {
                Vector512<float> weight = TDecoder.Load(ref weights, column);
                sum = Vector512.FusedMultiplyAdd(TDecoder.Scaled ? weight * scale : weight, Vector512.LoadUnsafe(ref token, column), sum);
            }
        }

        float result = Vector512.Sum(sum);
        AddRest<TDecoder>(ref weights, ref token, column, columns, ref result);
        return result;
    }

    /// <summary>Four rows of singles with four tokens.</summary>
    /// <param name="weights">First row.</param>
    /// <param name="rowStride">From one row to the next.</param>
    /// <param name="tokens">First token.</param>
    /// <param name="tokenStride">From one token to the next.</param>
    /// <param name="columns">Length of a row.</param>
    /// <param name="results">Sums of the first token; those of a token lie side by side.</param>
    /// <param name="resultStride">From the sums of one token to those of the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByFour(ref float weights, nuint rowStride, ref float tokens, nuint tokenStride, int columns, ref float results, nuint resultStride)
    {
        ref float w1 = ref Unsafe.Add(ref weights, rowStride);
        ref float w2 = ref Unsafe.Add(ref w1, rowStride);
        ref float w3 = ref Unsafe.Add(ref w2, rowStride);
        ref float t1 = ref Unsafe.Add(ref tokens, tokenStride);
        ref float t2 = ref Unsafe.Add(ref t1, tokenStride);
        ref float t3 = ref Unsafe.Add(ref t2, tokenStride);
        Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector512<float> s10 = default, s11 = default, s12 = default, s13 = default;
        Vector512<float> s20 = default, s21 = default, s22 = default, s23 = default;
        Vector512<float> s30 = default, s31 = default, s32 = default, s33 = default;
        nuint whole = (nuint)(columns / Lanes * Lanes);
        for (nuint column = 0; column < whole; column += Lanes)
        {
            Vector512<float> a0 = Vector512.LoadUnsafe(ref weights, column);
            Vector512<float> a1 = Vector512.LoadUnsafe(ref w1, column);
            Vector512<float> a2 = Vector512.LoadUnsafe(ref w2, column);
            Vector512<float> a3 = Vector512.LoadUnsafe(ref w3, column);
            Vector512<float> x = Vector512.LoadUnsafe(ref tokens, column);
            s00 = Vector512.FusedMultiplyAdd(a0, x, s00);
            s01 = Vector512.FusedMultiplyAdd(a1, x, s01);
            s02 = Vector512.FusedMultiplyAdd(a2, x, s02);
            s03 = Vector512.FusedMultiplyAdd(a3, x, s03);
            x = Vector512.LoadUnsafe(ref t1, column);
            s10 = Vector512.FusedMultiplyAdd(a0, x, s10);
            s11 = Vector512.FusedMultiplyAdd(a1, x, s11);
            s12 = Vector512.FusedMultiplyAdd(a2, x, s12);
            s13 = Vector512.FusedMultiplyAdd(a3, x, s13);
            x = Vector512.LoadUnsafe(ref t2, column);
            s20 = Vector512.FusedMultiplyAdd(a0, x, s20);
            s21 = Vector512.FusedMultiplyAdd(a1, x, s21);
            s22 = Vector512.FusedMultiplyAdd(a2, x, s22);
            s23 = Vector512.FusedMultiplyAdd(a3, x, s23);
            x = Vector512.LoadUnsafe(ref t3, column);
            s30 = Vector512.FusedMultiplyAdd(a0, x, s30);
            s31 = Vector512.FusedMultiplyAdd(a1, x, s31);
            s32 = Vector512.FusedMultiplyAdd(a2, x, s32);
            s33 = Vector512.FusedMultiplyAdd(a3, x, s33);
        }

        Store(s00, s01, s02, s03, ref results);
        Store(s10, s11, s12, s13, ref Unsafe.Add(ref results, resultStride));
        Store(s20, s21, s22, s23, ref Unsafe.Add(ref results, 2 * resultStride));
        Store(s30, s31, s32, s33, ref Unsafe.Add(ref results, 3 * resultStride));
        for (nuint row = 0; row < RowsAtOnce && whole < (nuint)columns; row++)
        {
            ref byte rest = ref Unsafe.As<float, byte>(ref Unsafe.Add(ref weights, row * rowStride));
            for (nuint token = 0; token < TokensAtOnce; token++)
            {
                AddRest<Fp32Decoder>(ref rest, ref Unsafe.Add(ref tokens, token * tokenStride), whole, columns, ref Unsafe.Add(ref results, (token * resultStride) + row));
            }
        }
    }

    /// <summary>One row as singles.</summary>
    public static void Decode<TDecoder>(ref byte weights, ReadOnlySpan<float> scales, int groupSize, Span<float> row)
        where TDecoder : struct, IWeightDecoder
    {
        int column = 0;
        if (!TDecoder.Scaled || Direct(groupSize))
        {
            for (; column <= row.Length - Lanes; column += Lanes)
            {
                Vector512<float> weight = TDecoder.Load(ref weights, (nuint)column);
                (TDecoder.Scaled ? weight * Vector512.Create(scales[column / groupSize]) : weight).StoreUnsafe(ref row[column]);
            }
        }

        for (; column < row.Length; column++)
        {
            float weight = TDecoder.LoadOne(ref weights, (nuint)column);
            row[column] = TDecoder.Scaled ? weight * scales[column / groupSize] : weight;
        }
    }

    // Types with scales leave no columns over: their groups are multiples of whole vectors.
    private static void AddRest<TDecoder>(ref byte weights, ref float token, nuint column, int columns, ref float sum)
        where TDecoder : struct, IWeightDecoder
    {
        for (; column < (nuint)columns; column++)
        {
            sum = MathF.FusedMultiplyAdd(TDecoder.LoadOne(ref weights, column), Unsafe.Add(ref token, column), sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> sum0, Vector512<float> sum1, Vector512<float> sum2, Vector512<float> sum3, ref float results)
    {
        results = Vector512.Sum(sum0);
        Unsafe.Add(ref results, 1) = Vector512.Sum(sum1);
        Unsafe.Add(ref results, 2) = Vector512.Sum(sum2);
        Unsafe.Add(ref results, 3) = Vector512.Sum(sum3);
    }
}
