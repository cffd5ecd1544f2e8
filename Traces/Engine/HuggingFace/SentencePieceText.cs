using Google.Protobuf;
using Microsoft.ML.Tokenizers;
using PimSim.Traces.Engine.Text;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>A SentencePiece BPE model (LLaMA 1 and 2, Mistral): tokenizer.model.</summary>
internal sealed class SentencePieceText : ITokenizer
{
    private const long MaxBytes = 64L << 20;

    private readonly LlamaTokenizer _tokenizer;

    private SentencePieceText(LlamaTokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        VocabularySize = tokenizer.Vocabulary.Values.Max() + 1;
    }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="begin">The begin token is put before every text.</param>
    /// <param name="end">The end token is put after every text.</param>
    /// <exception cref="PimSimUserException">Not a SentencePiece BPE model.</exception>
    public static SentencePieceText Load(string path, bool begin, bool end)
    {
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MaxBytes)
            {
                throw new PimSimUserException($"{path}: {length} bytes are too many: at most {MaxBytes} are read");
            }

            byte[] model = File.ReadAllBytes(path);
            CheckParts(path, model);
            using MemoryStream stream = new(model);
            return new SentencePieceText(LlamaTokenizer.Create(stream, begin, end));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The library's own fault for broken bytes is an IOException too.
            throw new PimSimUserException($"{path}: cannot be read as a SentencePiece model: {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException or NotSupportedException)
        {
            throw new PimSimUserException($"{path}: not a SentencePiece model that PimSim reads (BPE without normalisation rules): {fault.Message}", fault);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > 0 ? _tokenizer.EncodeToIds(text)
            : [.. _tokenizer.AddBeginningOfSentence ? (int[])[_tokenizer.BeginningOfSentenceId] : [], .. _tokenizer.AddEndOfSentence ? (int[])[_tokenizer.EndOfSentenceId] : []];
    }

    /// <inheritdoc/>
    public string Decode(IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        System.Text.StringBuilder text = new();
        List<int> known = [];
        foreach (int token in tokens)
        {
            if ((uint)token < (uint)VocabularySize)
            {
                known.Add(token);
                continue;
            }

            text.Append(_tokenizer.Decode(known)).Append('\uFFFD');
            known.Clear();
        }

        return text.Append(_tokenizer.Decode(known)).ToString();
    }

    /// <summary>Pieces (field 1), trainer (2) and normaliser (3) must be there: the library takes their presence for granted.</summary>
    private static void CheckParts(string path, byte[] model)
    {
        bool[] seen = new bool[4];
        using CodedInputStream input = new(model);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            int field = WireFormat.GetTagFieldNumber(tag);
            if (field < seen.Length)
            {
                seen[field] = true;
            }

            input.SkipLastField();
        }

        int missing = Array.IndexOf(seen, false, 1);
        if (missing > 0)
        {
            string part = missing switch { 1 => "pieces", 2 => "trainer_spec", _ => "normalizer_spec" };
            throw new PimSimUserException($"{path}: not a SentencePiece model: it has no {part}");
        }
    }
}
