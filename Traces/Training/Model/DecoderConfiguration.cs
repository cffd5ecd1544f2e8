namespace PimSim.Traces.Training.Model;

/// <summary>The sizes of a byte-level decoder in the manner of LLaMA, output head tied to the embedding.</summary>
internal sealed record DecoderConfiguration
{
    /// <summary>Entries of the vocabulary: 256 bytes, begin, end, and padding to a multiple of 16.</summary>
    public const int ByteVocabulary = 272;

    /// <summary>Token that begins a text.</summary>
    public const int BeginToken = 256;

    /// <summary>Token that ends a text.</summary>
    public const int EndToken = 257;

    /// <summary>Transformer blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Inner width of the feed-forward network.</summary>
    public required int Ffn { get; init; }

    /// <summary>Longest context in tokens.</summary>
    public required int Context { get; init; }

    /// <summary>Entries of the vocabulary.</summary>
    public int Vocabulary { get; init; } = ByteVocabulary;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeBase { get; init; } = 10_000;

    /// <summary>Added to the mean square of a normalisation.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Width of all query heads.</summary>
    public int QueryWidth => Heads * HeadDim;

    /// <summary>Width of all key heads; the values are as wide.</summary>
    public int KvWidth => KvHeads * HeadDim;

    /// <summary>Width of queries, keys and values side by side.</summary>
    public int QkvWidth => QueryWidth + (2 * KvWidth);

    /// <summary>The model that ships.</summary>
    public static DecoderConfiguration Main { get; } = new() { Layers = 6, Hidden = 192, Heads = 6, KvHeads = 2, HeadDim = 32, Ffn = 384, Context = 512 };

    /// <summary>The small model that drafts for it.</summary>
    public static DecoderConfiguration Draft { get; } = new() { Layers = 2, Hidden = 64, Heads = 4, KvHeads = 2, HeadDim = 16, Ffn = 256, Context = 512 };
}
