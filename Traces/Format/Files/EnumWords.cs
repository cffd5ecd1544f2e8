using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>
/// The words of an enumeration in trace files: its members in lower case with underscores (<c>qkv_projection</c>), and the names of
/// <see cref="DataTypes.Names"/> for data types. Members may be added; a word never changes its meaning.
/// </summary>
internal static class EnumWords<T>
    where T : struct, Enum
{
    private static readonly string[] Words = typeof(T) == typeof(DataType) ? [.. DataTypes.Names] : [.. Enum.GetNames<T>().Select(Underscored)];
    private static readonly FrozenDictionary<string, T> Values = Words.Select((word, index) => (word, index)).ToFrozenDictionary(pair => pair.word, pair => Enum.GetValues<T>()[pair.index], StringComparer.Ordinal);

    public static IReadOnlyList<string> All => Words;

    /// <summary>The word of a member. Enumerations in traces are bytes that count from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No member has this value.</exception>
    public static string Of(T value)
    {
        int index = Unsafe.BitCast<T, byte>(value);
        return index < Words.Length ? Words[index] : throw new ArgumentOutOfRangeException(nameof(value), value, "not a member");
    }

    public static bool TryParse(string? word, out T value)
    {
        value = default;
        return word is not null && Values.TryGetValue(word, out value);
    }

    private static string Underscored(string name)
    {
        StringBuilder word = new();
        foreach (char letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && word.Length > 0)
            {
                word.Append('_');
            }

            word.Append(char.ToLowerInvariant(letter));
        }

        return word.ToString();
    }
}
