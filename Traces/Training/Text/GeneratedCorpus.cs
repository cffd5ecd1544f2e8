using System.Text;
using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Text;

/// <summary>An endless stream of documents of four kinds, all written by the program from a seed: as tokens, one for each byte.</summary>
internal static class GeneratedCorpus
{
    /// <summary>One document of a kind.</summary>
    public static string Document(TextKind kind, SeededRandom random) => kind switch
    {
        TextKind.Story => StoryText.Write(random),
        TextKind.Arithmetic => ArithmeticText.Write(random),
        TextKind.Code => CodeText.Write(random),
        _ => RecallText.Write(random),
    };

    /// <summary>Documents of all kinds, the last one cut, between begin and end tokens: <paramref name="length"/> tokens in all.</summary>
    public static int[] Tokens(SeededRandom random, int length) => Tokens(random, length, DrawKind);

    /// <summary>The same of one kind only.</summary>
    public static int[] Tokens(SeededRandom random, int length, TextKind kind) => Tokens(random, length, _ => kind);

    private static TextKind DrawKind(SeededRandom random) => random.Next(100) switch
    {
        < 45 => TextKind.Story,
        < 60 => TextKind.Arithmetic,
        < 82 => TextKind.Code,
        _ => TextKind.Recall,
    };

    private static int[] Tokens(SeededRandom random, int length, Func<SeededRandom, TextKind> kind)
    {
        int[] tokens = new int[length];
        int at = 0;
        while (at < length)
        {
            Put(DecoderConfiguration.BeginToken);
            foreach (byte letter in Encoding.UTF8.GetBytes(Document(kind(random), random)))
            {
                Put(letter);
            }

            Put(DecoderConfiguration.EndToken);
        }

        return tokens;

        void Put(int token)
        {
            if (at < length)
            {
                tokens[at++] = token;
            }
        }
    }
}
