using System.Text;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>The one form of an importer's message: <c>file:line: what is wrong</c>, or <c>file: byte n: ...</c> where lines mean nothing.</summary>
internal static class ImportError
{
    private const int ShownCharacters = 60;

    public static PimSimUserException At(string path, long line, string message) => new($"{path}:{line}: {message}");

    public static PimSimUserException AtByte(string path, long offset, string message) => new($"{path}: byte {offset}: {message}");

    public static PimSimUserException Of(string path, string message) => new($"{path}: {message}");

    /// <summary>Foreign text for a message: quoted, short, without control characters.</summary>
    public static string Show(ReadOnlySpan<byte> text) => Show(Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * ShownCharacters)]));

    /// <summary>Foreign text for a message: quoted, short, without control characters.</summary>
    public static string Show(string text)
    {
        bool cut = text.Length > ShownCharacters;
        return $"'{Printable(cut ? text[..ShownCharacters] : text)}{(cut ? "..." : "")}'";
    }

    /// <summary>Text that stays on its line and does nothing to a terminal.</summary>
    public static string Printable(string text)
    {
        StringBuilder result = new(text.Length);
        foreach (char character in text)
        {
            result.Append(char.IsControl(character) || char.IsSurrogate(character) ? '?' : character);
        }

        return result.ToString();
    }
}
