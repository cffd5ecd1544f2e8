using System.Text;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>
/// Some tokenizers expect Unicode's composed form (NFC). PimSim runs without the tables that it takes to compose, so a text that may not be
/// composed is refused rather than encoded otherwise than the model's own tokenizer would.
/// </summary>
internal static class ComposedText
{
    /// <summary>Refuses characters that composition changes or joins with the one before.</summary>
    public static void Check(string text, string file)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (MayChange(rune.Value))
            {
                throw new PimSimUserException($"{file}: its tokenizer composes characters (NFC), which PimSim does not: the text holds U+{rune.Value:X4}; compose the text first");
            }
        }
    }

    // Combining accents, Hangul jamo, kana marks, compatibility ideographs, and the letter-like signs that composition replaces by letters.
    private static bool MayChange(int rune) => rune is
        (>= 0x0300 and <= 0x036F) or 0x0374 or 0x037E or 0x0387 or (>= 0x0958 and <= 0x095F) or (>= 0x1100 and <= 0x11FF)
        or 0x2000 or 0x2001 or 0x2126 or 0x212A or 0x212B or 0x2329 or 0x232A or 0x3099 or 0x309A or (>= 0xF900 and <= 0xFAFF)
        or (>= 0x2F800 and <= 0x2FA1F);
}
