using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>How stored weights become floats, in registers: 16 columns at a time, or one. Integers without their scale.</summary>
internal interface IWeightDecoder
{
    /// <summary>Width of a weight in bits.</summary>
    static abstract int Bits { get; }

    /// <summary>Values are to be multiplied by the scale of their group.</summary>
    static abstract bool Scaled { get; }

    /// <summary>16 columns from <paramref name="column"/> on, a multiple of 16.</summary>
    static abstract Vector512<float> Load(ref byte row, nuint column);

    /// <summary>One column.</summary>
    static abstract float LoadOne(ref byte row, nuint column);
}

/// <summary>IEEE single precision.</summary>
internal readonly struct Fp32Decoder : IWeightDecoder
{
    public static int Bits => 32;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ref byte row, nuint column) => Vector512.LoadUnsafe(ref row, column * 4).AsSingle();

    public static float LoadOne(ref byte row, nuint column) => Unsafe.ReadUnaligned<float>(ref Unsafe.Add(ref row, column * 4));
}

/// <summary>The upper half of a single.</summary>
internal readonly struct Bf16Decoder : IWeightDecoder
{
    public static int Bits => 16;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ref byte row, nuint column) =>
        (Widening.UInt16(Vector256.LoadUnsafe(ref row, column * 2).AsUInt16()) << 16).AsSingle();

    public static float LoadOne(ref byte row, nuint column) =>
        BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref row, column * 2)) << 16);
}

/// <summary>IEEE half precision, subnormal numbers and infinities included.</summary>
internal readonly struct Fp16Decoder : IWeightDecoder
{
    // Exponents of halves start 112 below those of singles.
    private const float ExponentShift = 5.192296858534828e33f;

    public static int Bits => 16;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ref byte row, nuint column)
    {
        // Sign-extended and shifted, a half is a single with an exponent that is too small by 112.
        Vector512<int> half = Widening.Int16(Vector256.LoadUnsafe(ref row, column * 2).AsInt16());
        Vector512<float> value = ((half << 13) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector512.Create(ExponentShift);

        // Its largest exponent means infinity or no number; the largest number is 65504.
        Vector512<float> special = Vector512.GreaterThan(Vector512.Abs(value), Vector512.Create(65504f));
        return value | (special & Vector512.Create(float.PositiveInfinity));
    }

    public static float LoadOne(ref byte row, nuint column) => (float)Unsafe.ReadUnaligned<Half>(ref Unsafe.Add(ref row, column * 2));
}

/// <summary>Two's complement in a byte.</summary>
internal readonly struct Int8Decoder : IWeightDecoder
{
    public static int Bits => 8;

    public static bool Scaled => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ref byte row, nuint column) =>
        Vector512.ConvertToSingle(Widening.SByte(Vector128.LoadUnsafe(ref row, column).AsSByte()));

    public static float LoadOne(ref byte row, nuint column) => (sbyte)Unsafe.Add(ref row, column);
}

/// <summary>Two's complement in half a byte, the lower half first.</summary>
internal readonly struct Int4Decoder : IWeightDecoder
{
    public static int Bits => 4;

    public static bool Scaled => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ref byte row, nuint column)
    {
        ulong packed = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref row, column / 2));
        Vector128<ushort> pairs = Vector128.WidenLower(Vector128.CreateScalar(packed).AsByte());
        Vector128<byte> halves = ((pairs | (pairs << 4)) & Vector128.Create((ushort)0x0F0F)).AsByte();

        // Flipping and taking away the sign bit extends it.
        Vector128<sbyte> values = (halves ^ Vector128.Create((byte)8)).AsSByte() - Vector128.Create((sbyte)8);
        return Vector512.ConvertToSingle(Widening.SByte(values));
    }

    public static float LoadOne(ref byte row, nuint column)
    {
        int half = (Unsafe.Add(ref row, column / 2) >> (int)(4 * (column % 2))) & 15;
        return (half ^ 8) - 8;
    }
}

/// <summary>16 small integers as 16 large ones: one instruction where there is one.</summary>
file static class Widening
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> UInt16(Vector256<ushort> values)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector512UInt32(values);
        }

        (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(values);
        return Vector512.Create(lower, upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Int16(Vector256<short> values)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector512Int32(values);
        }

        (Vector256<int> lower, Vector256<int> upper) = Vector256.Widen(values);
        return Vector512.Create(lower, upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> SByte(Vector128<sbyte> values)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector512Int32(values);
        }

        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(values);
        return Vector512.Create(Vector256.Create(Vector128.WidenLower(lower), Vector128.WidenUpper(lower)), Vector256.Create(Vector128.WidenLower(upper), Vector128.WidenUpper(upper)));
    }
}
