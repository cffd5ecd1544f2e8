using System.Globalization;
using CsCheck;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Traces.Format.Tests.Documents;

public class QuantityTests
{
    [Theory]
    [InlineData("0.1 ns", Dimension.Time, 100)]
    [InlineData("12ns", Dimension.Time, 12_000)]
    [InlineData("1.5 GHz", Dimension.Frequency, 1_500_000_000)]
    [InlineData("1 KiB", Dimension.Size, 1024)]
    [InlineData("1 kB", Dimension.Size, 1000)]
    [InlineData("149.29 mW", Dimension.Power, 149_290)]
    [InlineData("2e3 B", Dimension.Size, 2000)]
    [InlineData("-3 V", Dimension.Voltage, -3000)]
    [InlineData("7", Dimension.Ratio, 7)]
    public void Quantities_are_exact(string text, Dimension dimension, long expected)
    {
        Assert.True(Quantity.TryParse(text, dimension, out decimal value, out string problem), problem);
        Assert.Equal(expected, value);
        Assert.Empty(problem);
    }

    [Fact]
    public void A_percentage_is_a_ratio()
    {
        Assert.True(Quantity.TryParse("65 %", Dimension.Ratio, out decimal value, out _));
        Assert.Equal(0.65m, value);
    }

    [Fact]
    public void Nanoseconds_with_three_decimals_are_whole_picoseconds() => Gen.Long[0, 1_000_000_000_000].Sample(picoseconds =>
    {
        string text = $"{picoseconds / 1000}.{(picoseconds % 1000).ToString("000", CultureInfo.InvariantCulture)} ns";
        Assert.True(Quantity.TryParse(text, Dimension.Time, out decimal value, out _));
        Assert.Equal(picoseconds, value);
    });

    [Theory]
    [InlineData("1,5 ns", Dimension.Time, "is not a time")]
    [InlineData("5", Dimension.Time, "has no unit")]
    [InlineData("5 NS", Dimension.Time, "not a unit")]
    [InlineData("5 ns", Dimension.Size, "is a time; write a size")]
    [InlineData("ns", Dimension.Time, "is not a time")]
    [InlineData("", Dimension.Time, "is not a time")]
    [InlineData("7e28 GB", Dimension.Size, "too large")]
    [InlineData("-7e28 years", Dimension.Time, "too large")]
    [InlineData("1e99 ns", Dimension.Time, "is not a time")]
    public void What_is_no_such_quantity_is_refused_with_a_reason(string text, Dimension dimension, string reason)
    {
        Assert.False(Quantity.TryParse(text, dimension, out decimal value, out string problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
        Assert.Equal(0, value);
    }

    [Fact]
    public void Any_text_is_either_a_quantity_or_refused() =>
        Gen.Select(Gen.Char["0123456789+-.,eE nsGB%/$h "].Array[0, 40], Gen.Enum<Dimension>()).Sample(
            (text, dimension) => Assert.NotEqual(Quantity.TryParse(new string(text), dimension, out _, out string problem), problem.Length > 0),
            iter: 20_000);
}
