using System.Text;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>
/// The characters by which byte-level vocabularies write bytes: printable Latin-1 stands for itself, and the other 68 bytes, in order, for the
/// characters from U+0100 on.
/// </summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] CharacterOfByte = Build();

    /// <summary>The character of a byte.</summary>
    public static char Character(byte value) => CharacterOfByte[value];

    /// <summary>Appends the bytes of a token; false if a character stands for no byte.</summary>
    public static bool TryAppendBytes(string token, List<byte> bytes)
    {
        int before = bytes.Count;
        foreach (char character in token)
        {
            int value = Array.IndexOf(CharacterOfByte, character);
            if (value < 0)
            {
                bytes.RemoveRange(before, bytes.Count - before);
                return false;
            }

            bytes.Add((byte)value);
        }

        return true;
    }

    /// <summary>A token as a byte-level vocabulary writes it.</summary>
    public static string Write(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(Character));

    private static char[] Build()
    {
        char[] result = new char[256];
        char next = '\u0100';
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            result[value] = printable ? (char)value : next++;
        }

        return result;
    }
}
