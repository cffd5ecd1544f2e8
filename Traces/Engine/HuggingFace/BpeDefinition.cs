using System.Text.RegularExpressions;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>A byte-level BPE tokenizer, as its files describe it.</summary>
internal sealed record BpeDefinition
{
    /// <summary>GPT-2's words: contractions, letters, digits, other characters, each with a space before; rests of white space.</summary>
    public const string Gpt2Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>The file, for messages.</summary>
    public required string File { get; init; }

    /// <summary>Tokens by their text in byte-level characters.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>Pairs to merge, <c>left right</c>, the first ones first.</summary>
    public required IReadOnlyList<string> Merges { get; init; }

    /// <summary>Tokens that are found in the text before it is split into words.</summary>
    public required IReadOnlyDictionary<string, int> AddedTokens { get; init; }

    /// <summary>Splits the text into words, which are never merged with one another; what it does not match is a word too.</summary>
    public required Regex Words { get; init; }

    /// <summary>Texts are brought into Unicode's composed form first.</summary>
    public bool Composed { get; init; }

    /// <summary>Tokens before every text.</summary>
    public IReadOnlyList<int> Before { get; init; } = [];

    /// <summary>Tokens after every text.</summary>
    public IReadOnlyList<int> After { get; init; } = [];

    /// <summary>A pattern from a file, which may not run away.</summary>
    /// <exception cref="ArgumentException">Not a pattern.</exception>
    public static Regex Pattern(string pattern) => new(pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
}
