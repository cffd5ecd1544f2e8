using System.Globalization;
using CsCheck;
using PimSim.Reports.Tables;
using Xunit;

namespace PimSim.Reports.Tests.Tables;

public class SignificantDigitsTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1.000")]
    [InlineData(9.9996, "10.00")]
    [InlineData(0.00099996, "0.001000")]
    [InlineData(123.456, "123.5")]
    [InlineData(1234.56, "1235")]
    [InlineData(1234567.8, "1234568")]
    [InlineData(12345678, "1.235e7")]
    [InlineData(0.0001234, "0.0001234")]
    [InlineData(0.00001234, "1.234e-5")]
    [InlineData(-0.5, "-0.5000")]
    [InlineData(double.NaN, "n/a")]
    [InlineData(double.PositiveInfinity, "n/a")]
    public void Numbers_are_written_as_people_read_them(double value, string text) => Assert.Equal(text, SignificantDigits.Format(value));

    [Fact]
    public void What_is_printed_is_the_value_to_the_digits_asked_for() => Gen.Select(Gen.Double[-300, 300], Gen.Double[1, 10], Gen.Int[2, 6]).Sample((exponent, mantissa, digits) =>
    {
        double value = mantissa * Math.Pow(10, Math.Floor(exponent));
        string text = SignificantDigits.Format(value, digits);
        double printed = double.Parse(text, CultureInfo.InvariantCulture);
        Assert.True(Math.Abs(printed - value) <= 0.5000001 * Math.Pow(10, 1 - digits) * value, $"{value:R} as {text}");
        Assert.True(text.Split('e')[0].Count(char.IsAsciiDigit) >= digits);
    });
}
