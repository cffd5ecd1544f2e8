using System.Globalization;
using System.Numerics;
using System.Text;
using CsCheck;
using PimSim.Traces.Format.Importers.Reading;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers.Reading;

public sealed class DecimalNumberTests
{
    private static readonly string[] Signs = ["", "-", "+"];
    private static readonly string[] Exponents = ["", "e", "E"];
    private static readonly Gen<string> Digits = Gen.String[Gen.Char['0', '9'], 0, 25];

    [Fact]
    public void Every_decimal_text_gives_the_integer_that_exact_rational_arithmetic_gives() =>
        Gen.Select(Gen.Int[0, 2].Select(i => Signs[i]), Digits, Gen.Bool, Digits, Gen.Int[0, 2].Select(i => Exponents[i]), Gen.Int[-30, 30], Gen.Int[0, 12])
            .Sample((sign, whole, point, fraction, e, exponent, scale) =>
            {
                string text = sign + whole + (point ? "." + fraction : "") + (e.Length == 0 ? "" : e + exponent.ToString(CultureInfo.InvariantCulture));
                string digits = whole + (point ? fraction : "");
                bool good = DecimalNumber.TryScale(Encoding.ASCII.GetBytes(text), scale, out long value, out bool exact);
                if (digits.Length == 0)
                {
                    Assert.False(good);
                    return;
                }

                int power = (e.Length == 0 ? 0 : exponent) + scale - (point ? fraction.Length : 0);
                BigInteger mantissa = BigInteger.Parse(digits, CultureInfo.InvariantCulture);
                BigInteger numerator = mantissa * BigInteger.Pow(10, Math.Max(0, power));
                BigInteger denominator = BigInteger.Pow(10, Math.Max(0, -power));
                BigInteger magnitude = ((2 * numerator) + denominator) / (2 * denominator);
                Assert.Equal(magnitude <= long.MaxValue, good);
                if (good)
                {
                    Assert.Equal(sign == "-" ? -magnitude : magnitude, value);
                    Assert.Equal(numerator % denominator == 0, exact);
                }
            });

    [Theory]
    [InlineData("4203669604595.407", 3, 4203669604595407)]
    [InlineData("1682725898236567", 3, 1682725898236567000)]
    [InlineData("68.0", 3, 68000)]
    [InlineData("0.0005", 3, 1)]
    [InlineData("0.00049999", 3, 0)]
    [InlineData("6.93889e-18", 6, 0)]
    [InlineData("1e3", 0, 1000)]
    [InlineData("9223372036854775807", 0, long.MaxValue)]
    public void Microseconds_and_milliseconds_become_nanoseconds_without_floating_point(string text, int scale, long expected)
    {
        Assert.True(DecimalNumber.TryScale(Encoding.ASCII.GetBytes(text), scale, out long value, out _));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1,5")]
    [InlineData("1 ")]
    [InlineData("0x10")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1.2.3")]
    [InlineData("9223372036854775808")]
    [InlineData("1e999999999999")]
    public void What_is_no_number_or_does_not_fit_is_refused(string text) =>
        Assert.False(DecimalNumber.TryScale(Encoding.ASCII.GetBytes(text), 0, out _, out _));
}
