using CsCheck;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Simulator.Tests;

public class PriceTests
{
    private const string Rental = """
        kind: price
        summary: A rented card.
        sources:
          shop: "Shop list, page 3"
        date: 2026-01-21
        rental:
          rate: {value: 0.526 $/h, source: shop}
        """;

    private const string Ownership = """
        kind: price
        summary: A bought card.
        sources:
          shop: "Shop list, page 3"
        date: 2025-12-31
        ownership:
          capital: {value: 8766 $, source: shop}
          life: {value: 2 years, source: estimated, note: user input}
          utilisation: {value: 50 %, source: estimated, note: user input}
          electricity: {value: 0.10 $/kWh, source: estimated, note: user input}
          pue: {value: 1.5, source: estimated, note: user input}
        """;

    [Fact]
    public void A_rented_device_costs_its_rate_whatever_it_draws()
    {
        Price price = Read(Rental);
        Assert.Equal(0.526, price.DollarsPerHour(0), 12);
        Assert.Equal(0.526, price.DollarsPerHour(70), 12);
    }

    [Fact]
    public void An_owned_device_costs_its_write_off_and_its_electricity()
    {
        // 8766 $ over 2 x 8766 h x 0.5 = 1 $/h; 1.5 x 0.2 kW x 0.10 $/kWh = 0.03 $/h.
        Price price = Read(Ownership);
        Assert.Equal(1.0, price.DollarsPerHour(0), 12);
        Assert.Equal(1.03, price.DollarsPerHour(200), 12);
    }

    [Fact]
    public void A_million_tokens_cost_the_hours_that_they_take()
    {
        // 100 tokens/s are 0.36 million tokens per hour.
        Assert.Equal(0.526 / 0.36, Read(Rental).DollarsPerMillionTokens(100, 70), 12);
        Assert.Equal(1.03 / 0.36, Read(Ownership).DollarsPerMillionTokens(100, 200), 12);
    }

    [Fact]
    public void Faster_and_thriftier_devices_are_never_dearer_per_token() =>
        Gen.Select(Gen.Double[1, 1e4], Gen.Double[1, 100], Gen.Double[0, 1000], Gen.Double[0, 1000]).Sample((rate, factor, watts, more) =>
        {
            Price price = Read(Ownership);
            double dollars = price.DollarsPerMillionTokens(rate, watts);
            Assert.True(price.DollarsPerMillionTokens(rate * factor, watts) <= dollars);
            Assert.True(price.DollarsPerMillionTokens(rate, watts + more) >= dollars);
        });

    [Fact]
    public void A_price_without_tokens_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Read(Rental).DollarsPerMillionTokens(0, 70));

    [Fact]
    public void The_basis_names_terms_date_and_source()
    {
        Assert.Equal("rented at 0.526 $/h as of 2026-01-21 (Shop list, page 3)", Read(Rental).Basis);
        Assert.Equal(
            "bought for 8766 $ as of 2025-12-31 (Shop list, page 3), used 2 years at 50 %, electricity 0.1 $/kWh, PUE 1.5 (estimated: user input)",
            Read(Ownership).Basis);
    }

    [Theory]
    [InlineData(Rental, "0.526 $/h", "-0.526 $/h", "price.yaml:7:17: rental.rate.value: '-0.526 $/h' is negative; 0 or more is needed")]
    [InlineData(Rental, "0.526 $/h", "0.526 $", "rental.rate.value: '0.526 $' is an amount of money; write a price per hour with one of the units $/h")]
    [InlineData(Rental, "0.526 $/h", "0 $/h", "rental.rate: 0 is not possible; more than 0 is needed")]
    [InlineData(Rental, "source: shop", "source: shopp", "'shopp' is not in this file's 'sources'; did you mean 'shop'?")]
    [InlineData(Rental, "rate:", "rat:", "rental: unknown key 'rat'; did you mean 'rate'?")]
    [InlineData(Rental, "2026-01-21", "January 2026", "price.yaml:5:7: date: 'January 2026' is not a date; write it like 2026-01-31")]
    [InlineData(Rental, "kind: price", "kind: device", "'device' is not a price; 'kind: price' is needed here")]
    [InlineData(Rental, "rental:", "hire:", "neither 'rental' nor 'ownership' is given; a price is one of them")]
    [InlineData(Ownership, "ownership:", "rental: {}\nownership:", "both 'rental' and 'ownership' are given; a price is one of them")]
    [InlineData(Ownership, "50 %", "150 %", "ownership.utilisation: more than the whole life; at most 1 (100 %) is possible")]
    [InlineData(Ownership, "1.5", "0.9", "ownership.pue: less than the machines alone use; at least 1 is possible")]
    [InlineData(Ownership, "2 years", "2", "ownership.life.value: '2' has no unit: write a time")]
    public void A_wrong_entry_is_refused_with_its_place_and_remedy(string entry, string from, string to, string message)
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => Read(entry.Replace(from, to, StringComparison.Ordinal)));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_of_an_entry_are_named_at_once()
    {
        string wrong = Ownership.Replace("50 %", "0 %", StringComparison.Ordinal).Replace("8766 $", "-1 $", StringComparison.Ordinal);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => Read(wrong));
        Assert.Equal(2, fault.Message.Split(Environment.NewLine).Length);
    }

    private static Price Read(string text)
    {
        DataNode root = DataNode.Parse("price.yaml", text, new ProblemList());
        return Price.Read(new CatalogueEntry(root));
    }
}
