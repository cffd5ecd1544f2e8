namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>
/// Decimal text to integers of a smaller unit without a detour through floating point: "4203669604595.407" microseconds are
/// 4203669604595407 nanoseconds. Digits below the unit are rounded to the nearest, halves away from zero.
/// </summary>
internal static class DecimalNumber
{
    private const int ExponentLimit = 1_000_000;

    /// <summary>
    /// Reads all of <paramref name="text"/> as <c>[+-]digits[.digits][e[+-]digits]</c> and multiplies by 10^<paramref name="scale"/>.
    /// False if it is no such number or the result does not fit.
    /// </summary>
    /// <param name="text">ASCII text.</param>
    /// <param name="scale">Power of ten from the unit of the text to that of the result.</param>
    /// <param name="value">The rounded result.</param>
    /// <param name="exact">Whether nothing was rounded.</param>
    public static bool TryScale(ReadOnlySpan<byte> text, int scale, out long value, out bool exact)
    {
        value = 0;
        exact = true;
        bool negative = text.StartsWith("-"u8);
        ReadOnlySpan<byte> rest = negative || text.StartsWith("+"u8) ? text[1..] : text;
        int mantissa = Mantissa(rest, out int wholeDigits, out int digits);
        if (digits == 0 || !TryExponent(rest[mantissa..], out int exponent))
        {
            return false;
        }

        // The first `kept` digits stand above the unit; the one after them decides the rounding.
        long kept = (long)wholeDigits + exponent + scale;
        UInt128 magnitude = 0;
        long seen = 0;
        bool roundUp = false;
        foreach (byte character in rest[..mantissa])
        {
            if (character == '.')
            {
                continue;
            }

            int digit = character - '0';
            if (seen < kept)
            {
                magnitude = (magnitude * 10) + (uint)digit;
                if (magnitude > long.MaxValue)
                {
                    return false;
                }
            }
            else
            {
                roundUp |= seen == kept && digit >= 5;
                exact &= digit == 0;
            }

            seen++;
        }

        for (; seen < kept && magnitude != 0; seen++)
        {
            magnitude *= 10;
            if (magnitude > long.MaxValue)
            {
                return false;
            }
        }

        magnitude += roundUp ? 1u : 0u;
        if (magnitude > long.MaxValue)
        {
            return false;
        }

        value = negative ? -(long)magnitude : (long)magnitude;
        return true;
    }

    /// <summary>Length of the digits and the point; how many digits stand before it and altogether.</summary>
    private static int Mantissa(ReadOnlySpan<byte> text, out int wholeDigits, out int digits)
    {
        digits = 0;
        int point = -1;
        int length = 0;
        for (; length < text.Length; length++)
        {
            if (text[length] is >= (byte)'0' and <= (byte)'9')
            {
                digits++;
            }
            else if (text[length] == '.' && point < 0)
            {
                point = digits;
            }
            else
            {
                break;
            }
        }

        wholeDigits = point < 0 ? digits : point;
        return length;
    }

    private static bool TryExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        if (text.Length < 2 || text[0] is not ((byte)'e' or (byte)'E'))
        {
            return false;
        }

        bool negative = text[1] == '-';
        ReadOnlySpan<byte> digits = negative || text[1] == '+' ? text[2..] : text[1..];
        if (digits.IsEmpty)
        {
            return false;
        }

        foreach (byte character in digits)
        {
            if (character is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            exponent = Math.Min(ExponentLimit, (exponent * 10) + (character - '0'));
        }

        exponent = negative ? -exponent : exponent;
        return true;
    }
}
