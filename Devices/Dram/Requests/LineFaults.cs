using System.Globalization;
using System.Numerics;

namespace PimSim.Devices.Dram.Requests;

/// <summary>What can be wrong with a word of a line, in words; null if nothing is.</summary>
internal static class LineFaults
{
    /// <summary>The words between blanks.</summary>
    public static string[] Words(string line) => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Too few or too many words.</summary>
    public static string? Count(string line, int found, int wanted, string right)
    {
        string? what = found < wanted ? "is cut short" : found > wanted ? "is too long" : null;
        return what is null ? null : $"'{line}' {what}; {right} would be right";
    }

    /// <summary>An address in hexadecimal.</summary>
    public static string? HexAddress(string word, long bytes)
    {
        string digits = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? word[2..] : word;
        if (digits.Length == 0 || !digits.All(char.IsAsciiHexDigit))
        {
            return $"'{word}' is no hexadecimal address; 0x7f40 would be";
        }

        return digits.Length > ByteScan.MostHexDigits
            ? $"'{word}' has more than {ByteScan.MostHexDigits} hexadecimal digits"
            : Beyond(word, ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), bytes);
    }

    /// <summary>An address in decimal.</summary>
    public static string? DecimalAddress(string word, long bytes) =>
        Number(word, "address", out long address) ?? Beyond(word, (ulong)address, bytes);

    /// <summary>A whole number.</summary>
    public static string? Number(string word, string name, out long value)
    {
        value = 0;
        if (word.Length == 0 || !word.All(char.IsAsciiDigit))
        {
            return $"'{word}' is no {name}; a whole number would be";
        }

        if (word.Length > ByteScan.MostDecimalDigits)
        {
            return $"{name} '{word}' has more than {ByteScan.MostDecimalDigits} digits";
        }

        value = long.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture);
        return null;
    }

    /// <summary>A number of one level of the memory.</summary>
    public static string? Coordinate(string word, string level, int size)
    {
        string? fault = Number(word, level, out long value);
        return fault is null && value >= size ? $"{level} {value} is out of range; the memory has {(size == 1 ? $"only {level} 0" : $"0 to {size - 1}")}" : fault;
    }

    /// <summary>A cycle that must not lie before the last one.</summary>
    public static string? Arrival(string word, long last)
    {
        string? fault = Number(word, "cycle", out long cycle);
        return fault is null && cycle < last ? $"cycle {cycle} comes after cycle {last}; requests are listed in the order in which they arrive" : fault;
    }

    private static string? Beyond(string word, ulong address, long bytes) => address < (ulong)bytes
        ? null
        : $"address {word} lies beyond the memory of {Size(bytes)}; the last is 0x{bytes - 1:x}";

    private static string Size(long bytes)
    {
        int unit = BitOperations.TrailingZeroCount(bytes) / 10;
        (string name, int shift) = unit >= 3 ? ("GiB", 30) : unit == 2 ? ("MiB", 20) : unit == 1 ? ("KiB", 10) : ("bytes", 0);
        return $"{bytes >> shift} {name}";
    }
}
