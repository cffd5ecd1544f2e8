using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;
using PimSim.Traces.Engine.Text;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>Byte-pair encoding over bytes (GPT-2, OPT, NeoX, Qwen2, LLaMA 3).</summary>
internal sealed class ByteLevelTokenizer : ITokenizer
{
    private readonly BpeDefinition _definition;
    private readonly BpeTokenizer _bpe;
    private readonly string?[] _tokens;
    private readonly string[] _added;

    /// <summary>Builds the tables.</summary>
    /// <exception cref="PimSimUserException">The definition contradicts itself.</exception>
    public ByteLevelTokenizer(BpeDefinition definition)
    {
        _definition = definition;

        // Of two added tokens at one place the longer one is meant.
        _added = [.. definition.AddedTokens.Keys.OrderByDescending(token => token.Length).ThenBy(token => token, StringComparer.Ordinal)];
        _tokens = Names(definition);
        for (int value = 0; value < 256; value++)
        {
            if (!definition.Vocabulary.ContainsKey(ByteLevelAlphabet.Character((byte)value).ToString()))
            {
                throw new PimSimUserException($"{definition.File}: no byte-level vocabulary: it has no token for byte {value} ('{ByteLevelAlphabet.Character((byte)value)}')");
            }
        }

        try
        {
            _bpe = BpeTokenizer.Create(new BpeOptions(definition.Vocabulary) { Merges = definition.Merges, ByteLevel = true, PreTokenizer = new WordPieces(definition.Words) });
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException)
        {
            throw new PimSimUserException($"{definition.File}: vocabulary and merges do not fit together: {fault.Message}", fault);
        }
    }

    /// <inheritdoc/>
    public int VocabularySize => _tokens.Length;

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (_definition.Composed)
        {
            ComposedText.Check(text, _definition.File);
        }

        // Lone halves of a character would be encoded as bytes that are not UTF-8.
        string clean = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        List<int> tokens = [.. _definition.Before];
        try
        {
            int start = 0;
            for (int at = 0; at < clean.Length;)
            {
                string? added = Array.Find(_added, token => string.CompareOrdinal(clean, at, token, 0, token.Length) == 0);
                if (added is null)
                {
                    at++;
                    continue;
                }

                tokens.AddRange(_bpe.EncodeToIds(clean[start..at]));
                tokens.Add(_definition.AddedTokens[added]);
                at += added.Length;
                start = at;
            }

            tokens.AddRange(_bpe.EncodeToIds(clean[start..]));
        }
        catch (RegexMatchTimeoutException fault)
        {
            throw new PimSimUserException($"{_definition.File}: its pattern for words takes too long on this text: {_definition.Words}", fault);
        }

        tokens.AddRange(_definition.After);
        return tokens;
    }

    /// <inheritdoc/>
    public string Decode(IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);

        // A character may be spread over several tokens, so bytes are collected before they are read as text.
        List<byte> bytes = [];
        foreach (int token in tokens)
        {
            string? name = (uint)token < (uint)_tokens.Length ? _tokens[token] : null;
            if (name is null)
            {
                bytes.AddRange("\uFFFD"u8);
            }
            else if (_definition.AddedTokens.ContainsKey(name) || !ByteLevelAlphabet.TryAppendBytes(name, bytes))
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(name));
            }
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static string?[] Names(BpeDefinition definition)
    {
        // Far above any vocabulary; keeps one damaged number from asking for all memory.
        const int MaxToken = 1 << 24;
        int highest = -1;
        foreach ((string name, int token) in definition.Vocabulary.Concat(definition.AddedTokens))
        {
            highest = token is >= 0 and < MaxToken ? Math.Max(highest, token) : throw new PimSimUserException($"{definition.File}: token {token} ('{name}') is out of range");
        }

        string?[] names = new string?[highest + 1];
        foreach ((string name, int token) in definition.Vocabulary.Concat(definition.AddedTokens))
        {
            if (names[token] is string other && other != name)
            {
                throw new PimSimUserException($"{definition.File}: token {token} stands for both '{other}' and '{name}'");
            }

            names[token] = name;
        }

        return names;
    }
}
