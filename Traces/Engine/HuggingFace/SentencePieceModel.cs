using System.Globalization;
using Google.Protobuf;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>What stands for a piece of text, or for none.</summary>
internal enum PieceKind
{
    /// <summary>Text.</summary>
    Normal = 1,

    /// <summary>Text that no piece stands for.</summary>
    Unknown = 2,

    /// <summary>No text: begin, end.</summary>
    Control = 3,

    /// <summary>Text that is found before all else.</summary>
    UserDefined = 4,

    /// <summary>Text, but never a result.</summary>
    Unused = 5,

    /// <summary>One byte, written <c>&lt;0x0A&gt;</c>.</summary>
    Byte = 6,
}

/// <summary>One entry of the vocabulary.</summary>
internal readonly record struct Piece(string Text, float Score, PieceKind Kind)
{
    /// <summary>The byte that the text names, or -1.</summary>
    public int Byte => Text.Length == 6 && Text.StartsWith("<0x", StringComparison.Ordinal) && Text[5] == '>'
        && byte.TryParse(Text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) ? value : -1;
}

/// <summary>
/// A tokenizer.model file: SentencePiece's ModelProto (sentencepiece_model.proto), of which the fields are read that decide how LLaMA and
/// Mistral encode text.
/// </summary>
internal sealed class SentencePieceModel
{
    private const long MaxBytes = 64L << 20;
    private const int Bpe = 2;

    private readonly string _file;
    private readonly List<Piece> _pieces = [];
    private int _modelType = 1;
    private bool _byteFallback;
    private bool _spaceAsSuffix;
    private bool _removeExtraSpaces = true;
    private bool _escapeSpaces = true;
    private bool _hasRules;

    private SentencePieceModel(string file) => _file = file;

    /// <summary>The vocabulary.</summary>
    public IReadOnlyList<Piece> Pieces => _pieces;

    /// <summary>Token that begins a text, or -1.</summary>
    public int Begin { get; private set; } = 1;

    /// <summary>Token that ends a text, or -1.</summary>
    public int End { get; private set; } = 2;

    /// <summary>Every text is encoded as if a space stood before it.</summary>
    public bool DummyPrefix { get; private set; } = true;

    /// <summary>Reads a file.</summary>
    /// <exception cref="PimSimUserException">Not such a file, or one that would be encoded otherwise.</exception>
    public static SentencePieceModel Load(string path)
    {
        SentencePieceModel model = new(path);
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MaxBytes)
            {
                throw new PimSimUserException($"{path}: {length} bytes are too many: at most {MaxBytes} are read");
            }

            Read(File.ReadAllBytes(path), model.ReadField);
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new PimSimUserException($"{path}: not a SentencePiece model: {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }

        model.Check();
        return model;
    }

    private delegate bool FieldReader(int field, CodedInputStream input);

    private static void Read(byte[] message, FieldReader read)
    {
        using CodedInputStream input = new(message);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (!read(WireFormat.GetTagFieldNumber(tag), input))
            {
                input.SkipLastField();
            }
        }
    }

    private bool ReadField(int field, CodedInputStream input)
    {
        FieldReader? part = field switch { 1 => null, 2 => ReadTrainer, 3 => ReadNormaliser, _ => (_, _) => false };
        if (field > 3)
        {
            return false;
        }

        byte[] message = input.ReadBytes().ToByteArray();
        if (part is null)
        {
            ReadPiece(message);
        }
        else
        {
            Read(message, part);
        }

        return true;
    }

    private void ReadPiece(byte[] message)
    {
        Piece piece = new("", 0, PieceKind.Normal);
        Read(message, (field, input) =>
        {
            switch (field)
            {
                case 1:
                    piece = piece with { Text = input.ReadString() };
                    return true;
                case 2:
                    piece = piece with { Score = input.ReadFloat() };
                    return true;
                case 3:
                    piece = piece with { Kind = (PieceKind)input.ReadEnum() };
                    return true;
                default:
                    return false;
            }
        });
        _pieces.Add(piece);
    }

    private bool ReadTrainer(int field, CodedInputStream input)
    {
        switch (field)
        {
            case 3:
                _modelType = input.ReadEnum();
                return true;
            case 24:
                _spaceAsSuffix = input.ReadBool();
                return true;
            case 35:
                _byteFallback = input.ReadBool();
                return true;
            case 41:
                Begin = input.ReadInt32();
                return true;
            case 42:
                End = input.ReadInt32();
                return true;
            default:
                return false;
        }
    }

    private bool ReadNormaliser(int field, CodedInputStream input)
    {
        switch (field)
        {
            case 1:
                _hasRules |= input.ReadString() is not ("" or "identity");
                return true;
            case 2 or 6:
                _hasRules |= input.ReadBytes().Length > 0;
                return true;
            case 3:
                DummyPrefix = input.ReadBool();
                return true;
            case 4:
                _removeExtraSpaces = input.ReadBool();
                return true;
            case 5:
                _escapeSpaces = input.ReadBool();
                return true;
            default:
                return false;
        }
    }

    private void Check()
    {
        string? problem =
            _pieces.Count == 0 ? "it has no pieces"
            : _modelType != Bpe ? $"its model type is {_modelType}; {Bpe} (BPE) would be right"
            : !_byteFallback ? "it has no byte fallback"
            : _hasRules ? "it has rules of normalisation"
            : _removeExtraSpaces || !_escapeSpaces || _spaceAsSuffix ? "it removes spaces, does not escape them or puts them behind words"
            : null;
        for (int token = 0; token < _pieces.Count && problem is null; token++)
        {
            Piece piece = _pieces[token];
            problem = piece.Kind is not (PieceKind.Normal or PieceKind.Unknown or PieceKind.Control or PieceKind.Byte) ? $"token {token} ('{piece.Text}') is of kind {piece.Kind}"
                : piece.Text.Length == 0 ? $"token {token} has no text"
                : piece.Kind == PieceKind.Byte && piece.Byte < 0 ? $"token {token} ('{piece.Text}') is no byte"
                : float.IsNaN(piece.Score) ? $"token {token} ('{piece.Text}') has no score"
                : null;
        }

        int bytes = _pieces.Where(piece => piece.Kind == PieceKind.Byte).Select(piece => piece.Byte).Where(value => value >= 0).Distinct().Count();
        problem ??= bytes != 256 ? $"it has {bytes} of 256 bytes" : Begin >= _pieces.Count || End >= _pieces.Count ? "its begin or end token is not in the vocabulary" : null;
        if (problem is not null)
        {
            throw new PimSimUserException($"{_file}: not a SentencePiece model as LLaMA and Mistral have them: {problem}");
        }
    }
}
