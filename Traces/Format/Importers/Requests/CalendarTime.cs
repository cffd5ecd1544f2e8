namespace PimSim.Traces.Format.Importers.Requests;

/// <summary>
/// Times like <c>2023-11-16 18:17:03.9799600</c>: a T may stand for the space, up to nine decimals, and Z or an offset like
/// <c>+01:00</c> at the end. Without one it is taken for UTC.
/// </summary>
internal static class CalendarTime
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Nanoseconds since 1970; false if it is no such time, or none from 1970 to 2200.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long nanoseconds)
    {
        nanoseconds = 0;
        if (text.Length < 19
            || text[4] != '-'
            || text[7] != '-'
            || text[10] is not ((byte)' ' or (byte)'T')
            || text[13] != ':'
            || text[16] != ':'
            || !TryDigits(text[..4], out int year)
            || !TryDigits(text[5..7], out int month)
            || !TryDigits(text[8..10], out int day)
            || !TryDigits(text[11..13], out int hour)
            || !TryDigits(text[14..16], out int minute)
            || !TryDigits(text[17..19], out int second)
            || year is < 1970 or > 2200
            || month is < 1 or > 12
            || day < 1
            || day > DateTime.DaysInMonth(year, month)
            || hour > 23
            || minute > 59
            || second > 59
            || !TryFraction(text[19..], out int fraction, out int used)
            || !TryOffset(text[(19 + used)..], out int offsetMinutes))
        {
            return false;
        }

        long seconds = (new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond;
        nanoseconds = ((seconds - (60L * offsetMinutes)) * NanosecondsPerSecond) + fraction;
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (byte character in text)
        {
            if (character is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            value = (10 * value) + (character - '0');
        }

        return true;
    }

    private static bool TryFraction(ReadOnlySpan<byte> text, out int nanoseconds, out int used)
    {
        nanoseconds = 0;
        used = 0;
        if (text.IsEmpty || text[0] != '.')
        {
            return true;
        }

        int digits = text[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = digits < 0 ? text.Length - 1 : digits;
        used = digits + 1;
        if (digits is 0 or > 9 || !TryDigits(text.Slice(1, digits), out nanoseconds))
        {
            return false;
        }

        for (int i = digits; i < 9; i++)
        {
            nanoseconds *= 10;
        }

        return true;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.IsEmpty || text.SequenceEqual("Z"u8))
        {
            return true;
        }

        if (text.Length != 6
            || text[0] is not ((byte)'+' or (byte)'-')
            || text[3] != ':'
            || !TryDigits(text[1..3], out int hours)
            || !TryDigits(text[4..], out int rest)
            || hours > 23
            || rest > 59)
        {
            return false;
        }

        minutes = (text[0] == '-' ? -1 : 1) * ((60 * hours) + rest);
        return true;
    }
}
