namespace PimSim.Traces.Engine.Text;

/// <summary>Text as the tokens of a model, and back. Not thread-safe.</summary>
public interface ITokenizer
{
    /// <summary>One more than the highest token. A model's vocabulary may be padded to more.</summary>
    int VocabularySize { get; }

    /// <summary>The tokens of a text, with what the model expects before and after it. Unpaired surrogates become U+FFFD.</summary>
    /// <exception cref="Format.Documents.PimSimUserException">The tokenizer cannot take this text; the message says why.</exception>
    IReadOnlyList<int> Encode(string text);

    /// <summary>The text of tokens. Bytes that are not UTF-8, and tokens that the vocabulary does not have, become U+FFFD.</summary>
    string Decode(IEnumerable<int> tokens);
}
