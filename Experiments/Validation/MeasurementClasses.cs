using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Validation;

/// <summary>Classes of measurements as a command line writes them: <c>decode-attention</c>.</summary>
public static class MeasurementClasses
{
    private static readonly MeasurementClass[] All = Enum.GetValues<MeasurementClass>();

    /// <summary>All words, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. All.Select(kind => Hyphenated(kind.ToString()))];

    /// <summary>The word of a class.</summary>
    public static string Word(MeasurementClass kind) => Words[(int)kind];

    /// <summary>The class of a word.</summary>
    /// <exception cref="PimSimUserException">There is none; the message offers the nearest.</exception>
    public static MeasurementClass Parse(string word)
    {
        for (int index = 0; index < Words.Count; index++)
        {
            if (Words[index] == word)
            {
                return All[index];
            }
        }

        throw new PimSimUserException($"'{word}' is no class of operators; {NearestWord.Suggest(word, Words)}");
    }

    private static string Hyphenated(string name) => string.Concat(name.Select((letter, index) =>
        char.IsUpper(letter) ? (index > 0 ? "-" : "") + char.ToLowerInvariant(letter) : letter.ToString()));
}
