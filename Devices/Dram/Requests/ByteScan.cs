using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PimSim.Devices.Dram.Requests;

/// <summary>
/// Scans of a line that ends with a line feed. Each takes a position and returns that behind what it read, or 0 if it is not
/// there: a line's first byte is never the end of anything.
/// </summary>
internal static class ByteScan
{
    /// <summary>Digits that fit a 64-bit number whatever they are.</summary>
    public const int MostDecimalDigits = 18;

    /// <summary>Hexadecimal digits that fit a 64-bit number.</summary>
    public const int MostHexDigits = 16;

    private const byte Blank = (byte)' ';
    private const byte Tab = (byte)'\t';

    // The value of each byte as a hexadecimal digit; 99 if it is none.
    private static ReadOnlySpan<byte> HexDigits =>
    [
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99, 99, 99, 99, 99, 99,
        99, 10, 11, 12, 13, 14, 15, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 10, 11, 12, 13, 14, 15, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    ];

    /// <summary>Any blanks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Blanks(ref byte start, nint at)
    {
        while (Unsafe.Add(ref start, at) is Blank or Tab)
        {
            at++;
        }

        return at;
    }

    /// <summary>At least one blank.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Separator(ref byte start, nint at) => Unsafe.Add(ref start, at) is Blank or Tab ? Blanks(ref start, at + 1) : 0;

    /// <summary>Any blanks and the end of the line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint LineEnd(ref byte start, nint at)
    {
        if (Unsafe.Add(ref start, at) == (byte)'\n')
        {
            return at + 1;
        }

        at = Blanks(ref start, at);
        at += Unsafe.Add(ref start, at) == (byte)'\r' ? 1 : 0;
        return Unsafe.Add(ref start, at) == (byte)'\n' ? at + 1 : 0;
    }

    /// <summary>A decimal number of at most <see cref="MostDecimalDigits"/> digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Decimal(ref byte start, nint at, out long value)
    {
        nint end = at;
        long sum = 0;
        for (uint digit = Digit(ref start, end); digit < 10; digit = Digit(ref start, end))
        {
            sum = (sum * 10) + digit;
            end++;
        }

        value = sum;
        return (nuint)(end - at - 1) < MostDecimalDigits ? end : 0;
    }

    /// <summary>A hexadecimal number of at most <see cref="MostHexDigits"/> digits, with or without 0x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Hexadecimal(ref byte start, nint at, out ulong value)
    {
        if (Unsafe.Add(ref start, at) == (byte)'0' && (Unsafe.Add(ref start, at + 1) | 0x20) == 'x')
        {
            at += 2;
        }

        nint end = at;
        ulong sum = 0;
        for (uint digit = HexDigit(ref start, end); digit < 16; digit = HexDigit(ref start, end))
        {
            sum = (sum << 4) | digit;
            end++;
        }

        value = sum;
        return (nuint)(end - at - 1) < MostHexDigits ? end : 0;
    }

    // A table, as digits and letters alternate at random.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint HexDigit(ref byte start, nint at) => Unsafe.Add(ref MemoryMarshal.GetReference(HexDigits), (nint)Unsafe.Add(ref start, at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Digit(ref byte start, nint at) => (uint)Unsafe.Add(ref start, at) - '0';
}
