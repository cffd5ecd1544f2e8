using System.Globalization;

namespace PimSim.Traces.Format.Documents;

/// <summary>What a number in a catalogue or experiment file measures. The comment names the unit in which it is returned.</summary>
public enum Dimension
{
    /// <summary>No unit, or '%'. Returned as a ratio.</summary>
    Ratio,

    /// <summary>Returned in picoseconds.</summary>
    Time,

    /// <summary>Returned in hertz.</summary>
    Frequency,

    /// <summary>Returned in bytes.</summary>
    Size,

    /// <summary>Returned in bytes per second.</summary>
    Bandwidth,

    /// <summary>Returned in bits per second, of one pin.</summary>
    PinRate,

    /// <summary>Returned in microwatts.</summary>
    Power,

    /// <summary>Returned in attojoules.</summary>
    Energy,

    /// <summary>Returned in attojoules per bit.</summary>
    EnergyPerBit,

    /// <summary>Returned in microamperes.</summary>
    Current,

    /// <summary>Returned in millivolts.</summary>
    Voltage,

    /// <summary>Returned in floating-point operations per second.</summary>
    FlopRate,

    /// <summary>Returned in US dollars.</summary>
    Money,

    /// <summary>Returned in US dollars per hour.</summary>
    MoneyPerHour,

    /// <summary>Returned in US dollars per kilowatt-hour.</summary>
    MoneyPerEnergy,

    /// <summary>Returned in square millimetres.</summary>
    Area,
}

/// <summary>
/// Reads numbers with units ('12 ns', '1.5 GHz', '149.29 mW') exactly: decimal arithmetic, so that 0.1 ns is 100 ps and
/// not 99.99999 ps.
/// </summary>
public static class Quantity
{
    private static readonly Dictionary<string, Unit> Units = new(StringComparer.Ordinal)
    {
        ["%"] = new(Dimension.Ratio, 0.01m),
        ["ps"] = new(Dimension.Time, 1m),
        ["ns"] = new(Dimension.Time, 1e3m),
        ["us"] = new(Dimension.Time, 1e6m),
        ["ms"] = new(Dimension.Time, 1e9m),
        ["s"] = new(Dimension.Time, 1e12m),
        ["years"] = new(Dimension.Time, 365.25m * 86_400m * 1e12m),
        ["Hz"] = new(Dimension.Frequency, 1m),
        ["kHz"] = new(Dimension.Frequency, 1e3m),
        ["MHz"] = new(Dimension.Frequency, 1e6m),
        ["GHz"] = new(Dimension.Frequency, 1e9m),
        ["B"] = new(Dimension.Size, 1m),
        ["KiB"] = new(Dimension.Size, 1024m),
        ["MiB"] = new(Dimension.Size, 1024m * 1024m),
        ["GiB"] = new(Dimension.Size, 1024m * 1024m * 1024m),
        ["kB"] = new(Dimension.Size, 1e3m),
        ["MB"] = new(Dimension.Size, 1e6m),
        ["GB"] = new(Dimension.Size, 1e9m),
        ["MB/s"] = new(Dimension.Bandwidth, 1e6m),
        ["GB/s"] = new(Dimension.Bandwidth, 1e9m),
        ["TB/s"] = new(Dimension.Bandwidth, 1e12m),
        ["Mb/s"] = new(Dimension.PinRate, 1e6m),
        ["Gb/s"] = new(Dimension.PinRate, 1e9m),
        ["uW"] = new(Dimension.Power, 1m),
        ["mW"] = new(Dimension.Power, 1e3m),
        ["W"] = new(Dimension.Power, 1e6m),
        ["kW"] = new(Dimension.Power, 1e9m),
        ["aJ"] = new(Dimension.Energy, 1m),
        ["fJ"] = new(Dimension.Energy, 1e3m),
        ["pJ"] = new(Dimension.Energy, 1e6m),
        ["nJ"] = new(Dimension.Energy, 1e9m),
        ["uJ"] = new(Dimension.Energy, 1e12m),
        ["fJ/bit"] = new(Dimension.EnergyPerBit, 1e3m),
        ["pJ/bit"] = new(Dimension.EnergyPerBit, 1e6m),
        ["uA"] = new(Dimension.Current, 1m),
        ["mA"] = new(Dimension.Current, 1e3m),
        ["A"] = new(Dimension.Current, 1e6m),
        ["mV"] = new(Dimension.Voltage, 1m),
        ["V"] = new(Dimension.Voltage, 1e3m),
        ["GFLOP/s"] = new(Dimension.FlopRate, 1e9m),
        ["TFLOP/s"] = new(Dimension.FlopRate, 1e12m),
        ["$"] = new(Dimension.Money, 1m),
        ["$/h"] = new(Dimension.MoneyPerHour, 1m),
        ["$/kWh"] = new(Dimension.MoneyPerEnergy, 1m),
        ["mm2"] = new(Dimension.Area, 1m),
    };

    /// <summary>
    /// Parses <paramref name="text"/> as a quantity of <paramref name="dimension"/>. On failure <paramref name="problem"/>
    /// says what is wrong and what would be right.
    /// </summary>
    public static bool TryParse(string text, Dimension dimension, out decimal value, out string problem)
    {
        value = 0;
        string trimmed = text.Trim();
        int split = 0;
        while (split < trimmed.Length && (char.IsAsciiDigit(trimmed[split]) || trimmed[split] is '+' or '-' or '.' or ','
            || (trimmed[split] is 'e' or 'E' && split + 1 < trimmed.Length && (char.IsAsciiDigit(trimmed[split + 1]) || trimmed[split + 1] is '-' or '+'))))
        {
            split++;
        }

        string number = trimmed[..split];
        string unit = trimmed[split..].Trim();
        if (!decimal.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out decimal parsed))
        {
            problem = $"'{text}' is not {Describe(dimension)}";
            return false;
        }

        if (unit.Length == 0)
        {
            bool plain = dimension == Dimension.Ratio;
            problem = plain ? "" : $"'{text}' has no unit: write {Describe(dimension)}";
            value = plain ? parsed : 0;
            return plain;
        }

        if (!Units.TryGetValue(unit, out Unit? known))
        {
            problem = $"'{unit}' in '{text}' is not a unit that PimSim knows; write {Describe(dimension)}";
            return false;
        }

        if (known.Dimension != dimension)
        {
            problem = $"'{text}' is {Noun(known.Dimension)}; write {Describe(dimension)}";
            return false;
        }

        if (Math.Abs(parsed) > decimal.MaxValue / Math.Max(known.Factor, 1))
        {
            problem = $"'{text}' is too large";
            return false;
        }

        value = parsed * known.Factor;
        problem = "";
        return true;
    }

    private static string Describe(Dimension dimension)
    {
        if (dimension == Dimension.Ratio)
        {
            return "a plain number or a percentage";
        }

        IEnumerable<string> units = Units.Where(unit => unit.Value.Dimension == dimension).Select(unit => unit.Key);
        return $"{Noun(dimension)} with one of the units {string.Join(", ", units)}";
    }

    private static string Noun(Dimension dimension) => dimension switch
    {
        Dimension.Ratio => "a ratio",
        Dimension.Time => "a time",
        Dimension.Frequency => "a frequency",
        Dimension.Size => "a size",
        Dimension.Bandwidth => "a bandwidth",
        Dimension.PinRate => "a rate per pin",
        Dimension.Power => "a power",
        Dimension.Energy => "an energy",
        Dimension.EnergyPerBit => "an energy per bit",
        Dimension.Current => "a current",
        Dimension.Voltage => "a voltage",
        Dimension.FlopRate => "a compute rate",
        Dimension.Money => "an amount of money",
        Dimension.MoneyPerHour => "a price per hour",
        Dimension.MoneyPerEnergy => "a price per energy",
        Dimension.Area => "an area",
        _ => throw new ArgumentOutOfRangeException(nameof(dimension)),
    };

    private sealed record Unit(Dimension Dimension, decimal Factor);
}
