using System.Text;

namespace PimSim.Traces.Engine.Text;

/// <summary>
/// For models on bytes: token 0 to 255 is a byte of the text in UTF-8, then come one token that begins and one that ends a text. Both are
/// without text of their own.
/// </summary>
public sealed class ByteTokenizer : ITokenizer
{
    /// <summary>Begins a text.</summary>
    public const int BeginToken = 256;

    /// <summary>Ends a text.</summary>
    public const int EndToken = 257;

    /// <inheritdoc/>
    public int VocabularySize => 258;

    /// <summary>The begin token and the bytes of a text.</summary>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int[] tokens = new int[bytes.Length + 1];
        tokens[0] = BeginToken;
        for (int index = 0; index < bytes.Length; index++)
        {
            tokens[index + 1] = bytes[index];
        }

        return tokens;
    }

    /// <inheritdoc/>
    public string Decode(IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        List<byte> bytes = [];
        foreach (int token in tokens)
        {
            if (token is >= 0 and < 256)
            {
                bytes.Add((byte)token);
            }
            else if (token is not (BeginToken or EndToken))
            {
                bytes.AddRange("\uFFFD"u8);
            }
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
