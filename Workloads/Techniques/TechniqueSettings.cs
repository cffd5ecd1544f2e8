using System.Collections.Immutable;
using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Techniques;

/// <summary>Numbers, or lists of them, by name: what a technique's file, a claim or an experiment sets.</summary>
/// <param name="Technique">Name of the technique, for messages.</param>
/// <param name="Values">A single number is a list of one.</param>
public sealed record TechniqueSettings(string Technique, ImmutableSortedDictionary<string, ImmutableArray<double>> Values)
{
    /// <summary>No settings.</summary>
    public static TechniqueSettings None { get; } = new("", ImmutableSortedDictionary<string, ImmutableArray<double>>.Empty);

    /// <summary>A number.</summary>
    /// <exception cref="PimSimUserException">It is missing, or a list.</exception>
    public double Number(string name)
    {
        ImmutableArray<double> list = List(name);
        return list.Length == 1 ? list[0] : throw Wrong(name, "is a list of " + list.Length.ToString(CultureInfo.InvariantCulture) + " numbers where one is needed");
    }

    /// <summary>A whole number.</summary>
    /// <exception cref="PimSimUserException">It is missing, a list, not whole or out of bounds.</exception>
    public int Integer(string name, int least = 0, int most = int.MaxValue)
    {
        double number = Number(name);
        return number == Math.Floor(number) && number >= least && number <= most
            ? (int)number
            : throw Wrong(name, $"is {Text(number)}; a whole number from {least} to {most} is needed");
    }

    /// <summary>A number within bounds.</summary>
    /// <exception cref="PimSimUserException">It is missing, a list or out of bounds.</exception>
    public double Number(string name, double least, double most)
    {
        double number = Number(name);
        return number >= least && number <= most ? number : throw Wrong(name, $"is {Text(number)}; {Text(least)} to {Text(most)} is possible");
    }

    /// <summary>Numbers in order.</summary>
    /// <exception cref="PimSimUserException">They are missing.</exception>
    public ImmutableArray<double> List(string name) => Values.TryGetValue(name, out ImmutableArray<double> list)
        ? list
        : throw Wrong(name, $"is missing; the settings are {string.Join(", ", Values.Keys)}");

    /// <summary>Whole numbers in order.</summary>
    /// <exception cref="PimSimUserException">They are missing, or one is not whole or less than <paramref name="least"/>.</exception>
    public ImmutableArray<int> Integers(string name, int least = 0) => [.. List(name).Select(number =>
        number == Math.Floor(number) && number >= least && number <= int.MaxValue ? (int)number : throw Wrong(name, $"holds {Text(number)}; whole numbers from {least} on are needed"))];

    /// <summary>The same with some values changed.</summary>
    /// <exception cref="PimSimUserException">One of them is not a setting of the technique.</exception>
    public TechniqueSettings With(IEnumerable<KeyValuePair<string, ImmutableArray<double>>> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        ImmutableSortedDictionary<string, ImmutableArray<double>> values = Values;
        foreach ((string name, ImmutableArray<double> value) in changes)
        {
            values = values.ContainsKey(name)
                ? values.SetItem(name, value)
                : throw new PimSimUserException($"technique '{Technique}' has no setting '{name}'; {NearestWord.Suggest(name, [.. Values.Keys])}");
        }

        return this with { Values = values };
    }

    private PimSimUserException Wrong(string name, string fault) => new($"technique '{Technique}': setting '{name}' {fault}");

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
