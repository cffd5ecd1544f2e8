using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>Splits a text at the matches of a pattern and keeps what lies between them (the library's own drops it).</summary>
internal sealed class WordPieces(Regex pattern) : PreTokenizer
{
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        List<(int Offset, int Length)> pieces = [];
        int end = 0;
        for (Match match = pattern.Match(text); match.Success; match = match.NextMatch())
        {
            if (match.Index > end)
            {
                pieces.Add((end, match.Index - end));
            }

            if (match.Length > 0)
            {
                pieces.Add((match.Index, match.Length));
            }

            end = match.Index + match.Length;
        }

        if (end < text.Length)
        {
            pieces.Add((end, text.Length - end));
        }

        return pieces;
    }

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());
}
