using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Simulator.Replay;

/// <summary>
/// What an hour of a device costs. Prices of the same device differ several times over by date and seller, so every price
/// carries its <see cref="Basis"/>, to be printed wherever a $ figure is. Equations and sources: docs/price.md.
/// </summary>
public abstract record Price
{
    /// <summary>The word in a catalogue file that says an entry is a price.</summary>
    public const string EntryKind = "price";

    /// <summary>Rented or owned, on what terms, as of when and by whose figures.</summary>
    public required string Basis { get; init; }

    /// <summary>US dollars per hour of work at a power of <paramref name="averageWatts"/>.</summary>
    public abstract double DollarsPerHour(double averageWatts);

    /// <summary>US dollars per million tokens: $/h / (3600 x tokens/s) x 10^6.</summary>
    public double DollarsPerMillionTokens(double tokensPerSecond, double averageWatts)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokensPerSecond);
        return DollarsPerHour(averageWatts) / (3600 * tokensPerSecond) * 1e6;
    }

    /// <summary>Reads a catalogue entry.</summary>
    /// <exception cref="PimSimUserException">The file is wrong; all of its faults are listed.</exception>
    public static Price Read(CatalogueEntry entry)
    {
        Price price = PriceReader.Read(entry);
        entry.Root.Problems.ThrowIfAny();
        return price;
    }
}

/// <summary>A device rented by the hour; the owner pays the power.</summary>
/// <param name="Rate">US dollars per hour.</param>
public sealed record RentalPrice(double Rate) : Price
{
    /// <inheritdoc/>
    public override double DollarsPerHour(double averageWatts) => Rate;
}

/// <summary>Several equal devices.</summary>
/// <param name="Each">Price of one.</param>
/// <param name="Count">How many.</param>
public sealed record GroupPrice(Price Each, int Count) : Price
{
    /// <summary>The price of <paramref name="count"/> devices that cost <paramref name="each"/>.</summary>
    public static GroupPrice Of(Price each, int count)
    {
        ArgumentNullException.ThrowIfNull(each);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new GroupPrice(each, count) { Basis = string.Create(CultureInfo.InvariantCulture, $"{count} devices, each {each.Basis}") };
    }

    /// <summary>Count x the price of one at its part of the power.</summary>
    public override double DollarsPerHour(double averageWatts) => Count * Each.DollarsPerHour(averageWatts / Count);
}

/// <summary>A device bought, written off over its hours of work, and fed with electricity.</summary>
/// <param name="Capital">US dollars.</param>
/// <param name="LifeHours">Hours from purchase to disposal; a year has 8766.</param>
/// <param name="Utilisation">Part of its life in which it works, above 0, at most 1.</param>
/// <param name="DollarsPerKilowattHour">Price of electricity.</param>
/// <param name="PowerUsageEffectiveness">Power of the building over power of the machines (PUE), at least 1.</param>
public sealed record OwnershipPrice(
    double Capital,
    double LifeHours,
    double Utilisation,
    double DollarsPerKilowattHour,
    double PowerUsageEffectiveness) : Price
{
    /// <summary>Capital / (life x utilisation) + PUE x power x price of electricity.</summary>
    public override double DollarsPerHour(double averageWatts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(averageWatts);
        return (Capital / (LifeHours * Utilisation)) + (PowerUsageEffectiveness * averageWatts * 1e-3 * DollarsPerKilowattHour);
    }
}
