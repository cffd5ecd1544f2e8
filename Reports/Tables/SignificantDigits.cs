using System.Globalization;

namespace PimSim.Reports.Tables;

/// <summary>Numbers as people read them: a few significant digits, a decimal point, no grouping.</summary>
public static class SignificantDigits
{
    /// <summary>What stands for a value that is not a number.</summary>
    public const string NotAvailable = "n/a";

    /// <summary>What stands for a value that there is none of.</summary>
    public const string Absent = "-";

    private const int SmallestPlainExponent = -4;
    private const int LargestPlainExponent = 6;

    /// <summary>The value, or <see cref="Absent"/>.</summary>
    public static string Format(double? value, int digits = 4) => value is { } number ? Format(number, digits) : Absent;

    /// <summary>
    /// The value with <paramref name="digits"/> significant digits; digits before the decimal point are never rounded away.
    /// Below 0.0001 and from 10^7 on as 1.234e-7.
    /// </summary>
    public static string Format(double value, int digits = 4)
    {
        if (!double.IsFinite(value))
        {
            return NotAvailable;
        }

        if (value == 0)
        {
            return "0";
        }

        // The exponent after rounding: 9.9996 becomes 10.00, not 10.000.
        string scientific = value.ToString($"E{digits - 1}", CultureInfo.InvariantCulture);
        int split = scientific.IndexOf('E', StringComparison.Ordinal);
        int exponent = int.Parse(scientific.AsSpan(split + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return exponent is >= SmallestPlainExponent and <= LargestPlainExponent
            ? value.ToString($"F{Math.Max(0, digits - 1 - exponent)}", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{scientific.AsSpan(0, split)}e{exponent}");
    }
}
