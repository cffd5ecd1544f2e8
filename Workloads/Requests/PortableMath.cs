namespace PimSim.Workloads.Requests;

/// <summary>
/// Logarithm and exponential from sums, products and quotients alone, which IEEE 754 rounds alike everywhere; those of <see cref="Math"/> are
/// the platform's and may differ in the last bit.
/// </summary>
internal static class PortableMath
{
    // ln 2 in two parts, the first with zeros at its end so that its multiples are exact.
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>Natural logarithm of a positive normal number.</summary>
    public static double Log(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            exponent++;
        }

        // ln m = 2 artanh s, with |s| below 0.172: 13 terms leave less than 1e-20.
        double s = (m - 1) / (m + 1);
        double square = s * s;
        double sum = 0;
        for (int n = 25; n >= 3; n -= 2)
        {
            sum = (sum + (1.0 / n)) * square;
        }

        return (exponent * Ln2High) + ((2 * s * (1 + sum)) + (exponent * Ln2Low));
    }

    /// <summary>e to the power of x; 0 or infinity beyond the range of normal numbers.</summary>
    public static double Exp(double x)
    {
        if (x is < -708 or > 709)
        {
            return x < 0 ? 0 : double.PositiveInfinity;
        }

        double n = Math.Floor((x / (Ln2High + Ln2Low)) + 0.5);
        double r = (x - (n * Ln2High)) - (n * Ln2Low);
        double sum = 1;
        for (int k = 15; k >= 1; k--)
        {
            sum = 1 + (sum * r / k);
        }

        return Math.ScaleB(sum, (int)n);
    }
}
