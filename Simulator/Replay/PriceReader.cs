using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Simulator.Replay;

/// <summary>Reads price entries: a date, and either a rental or an ownership.</summary>
public static class PriceReader
{
    private const double PicosecondsPerHour = 3600 * 1e12;
    private const double HoursPerYear = 8766;

    /// <summary>Reads an entry. Faults go to its problem list; the result counts only if there are none.</summary>
    public static Price Read(CatalogueEntry entry)
    {
        DataNode root = entry.Root;
        if (entry.Kind != Price.EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a price; 'kind: {Price.EntryKind}' is needed here");
        }

        DataNode date = root.Required("date");
        string day = date.Text();
        if (date.Exists && !DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            date.Report($"'{day}' is not a date; write it like 2026-01-31");
        }

        DataNode rental = root.Optional("rental");
        DataNode ownership = root.Optional("ownership");
        if (rental.Exists == ownership.Exists)
        {
            root.Report(rental.Exists
                ? "both 'rental' and 'ownership' are given; a price is one of them"
                : "neither 'rental' nor 'ownership' is given; a price is one of them");
        }

        Price price = rental.Exists ? ReadRental(entry, rental, day) : ReadOwnership(entry, ownership, day);
        root.RejectUnknownKeys();
        return price;
    }

    private static RentalPrice ReadRental(CatalogueEntry entry, DataNode rental, string day)
    {
        double rate = (double)entry.Positive(rental, "rate", Dimension.MoneyPerHour);
        rental.RejectUnknownKeys();
        return new RentalPrice(rate) { Basis = $"rented at {Text(rate)} $/h as of {day} ({SourceOf(entry, "rental.rate")})" };
    }

    private static OwnershipPrice ReadOwnership(CatalogueEntry entry, DataNode ownership, string day)
    {
        double capital = (double)entry.Positive(ownership, "capital", Dimension.Money);
        double life = (double)entry.Positive(ownership, "life", Dimension.Time) / PicosecondsPerHour;
        double utilisation = (double)entry.Positive(ownership, "utilisation", Dimension.Ratio);
        if (utilisation > 1)
        {
            ownership.Optional("utilisation").Report("more than the whole life; at most 1 (100 %) is possible");
        }

        double electricity = (double)entry.Quantity(ownership, "electricity", Dimension.MoneyPerEnergy);
        double effectiveness = (double)entry.Positive(ownership, "pue", Dimension.Ratio);
        if (effectiveness < 1)
        {
            ownership.Optional("pue").Report("less than the machines alone use; at least 1 is possible");
        }

        ownership.RejectUnknownKeys();
        string[] terms = ["ownership.life", "ownership.utilisation", "ownership.electricity", "ownership.pue"];
        string termSources = string.Join("; ", terms.Select(term => SourceOf(entry, term)).Distinct(StringComparer.Ordinal));
        return new OwnershipPrice(capital, life, utilisation, electricity, effectiveness)
        {
            Basis = $"bought for {Text(capital)} $ as of {day} ({SourceOf(entry, "ownership.capital")}), used {Text(life / HoursPerYear)} years at {Text(utilisation * 100)} %, "
                + $"electricity {Text(electricity)} $/kWh, PUE {Text(effectiveness)} ({termSources})",
        };
    }

    private static string Text(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>What the source key of a value stands for; of an estimate, its note.</summary>
    private static string SourceOf(CatalogueEntry entry, string path)
    {
        SourcedValue? value = entry.Values.FirstOrDefault(value => value.Name == path);
        if (entry.Sources.TryGetValue(value?.Source ?? "", out string? source))
        {
            return source;
        }

        return string.IsNullOrEmpty(value?.Note) ? CatalogueEntry.Estimated : $"{CatalogueEntry.Estimated}: {value.Note}";
    }
}
