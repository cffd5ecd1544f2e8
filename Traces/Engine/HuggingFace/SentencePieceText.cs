using System.Text;
using PimSim.Traces.Engine.Text;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>
/// SentencePiece's BPE (LLaMA 1 and 2, Mistral): of all neighbours whose joint text is a piece, those with the best score are joined first, the
/// leftmost of equals; what is no piece in the end is written in bytes. Our own because Microsoft.ML.Tokenizers 2.0.1 joins the rightmost
/// of equals, which encodes "aaa" otherwise than SentencePiece does.
/// </summary>
internal sealed class SentencePieceText : ITokenizer
{
    private const char Space = '\u2581';

    private readonly SentencePieceModel _model;
    private readonly Dictionary<string, int> _tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly int[] _tokenOfByte = new int[256];
    private readonly bool _begin;
    private readonly bool _end;

    /// <summary>Builds the tables.</summary>
    /// <param name="model">The vocabulary.</param>
    /// <param name="begin">The begin token is put before every text.</param>
    /// <param name="end">The end token is put after every text.</param>
    public SentencePieceText(SentencePieceModel model, bool begin, bool end)
    {
        (_model, _begin, _end) = (model, begin && model.Begin >= 0, end && model.End >= 0);
        for (int token = 0; token < model.Pieces.Count; token++)
        {
            Piece piece = model.Pieces[token];
            if (piece.Kind == PieceKind.Byte)
            {
                _tokenOfByte[piece.Byte] = token;
            }
            else if (piece.Kind == PieceKind.Normal)
            {
                _tokens.TryAdd(piece.Text, token);
            }
        }

        _lookup = _tokens.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <inheritdoc/>
    public int VocabularySize => _model.Pieces.Count;

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> tokens = [];
        if (_begin)
        {
            tokens.Add(_model.Begin);
        }

        if (text.Length > 0)
        {
            // Lone halves of a character have no bytes in UTF-8.
            string clean = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace(' ', Space);
            EncodeText(_model.DummyPrefix ? Space + clean : clean, tokens);
        }

        if (_end)
        {
            tokens.Add(_model.End);
        }

        return tokens;
    }

    /// <inheritdoc/>
    public string Decode(IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        List<byte> bytes = [];
        bool first = true;
        foreach (int token in tokens)
        {
            Piece piece = (uint)token < (uint)VocabularySize ? _model.Pieces[token] : new Piece("\uFFFD", 0, PieceKind.Normal);
            switch (piece.Kind)
            {
                case PieceKind.Control:
                    continue;
                case PieceKind.Byte:
                    bytes.Add((byte)piece.Byte);
                    break;
                case PieceKind.Unknown:
                    // What SentencePiece writes for it.
                    bytes.AddRange(" \u2047 "u8);
                    break;
                default:
                    string text = piece.Text.Replace(Space, ' ');
                    bytes.AddRange(Encoding.UTF8.GetBytes(first && _model.DummyPrefix && text[0] == ' ' ? text[1..] : text));
                    break;
            }

            first = false;
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private void EncodeText(string text, List<int> tokens)
    {
        // Symbols are a list in place: a symbol starts at an index of the text, and knows its length and its neighbours.
        int[] length = new int[text.Length];
        int[] next = new int[text.Length];
        int[] previous = new int[text.Length];
        PriorityQueue<(int Left, int Right, int Length), (float Score, int Left)> joints = new(Comparer<(float Score, int Left)>.Create(
            (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : a.Left.CompareTo(b.Left)));
        for (int at = 0, before = -1; at < text.Length; at += length[at])
        {
            length[at] = char.IsHighSurrogate(text[at]) ? 2 : 1;
            (previous[at], next[at]) = (before, at + length[at]);
            before = at;
        }

        for (int at = 0; at < text.Length; at = next[at])
        {
            Offer(at);
        }

        while (joints.TryDequeue(out (int Left, int Right, int Length) joint, out _))
        {
            // Outdated if one side has been joined with another neighbour since.
            if (length[joint.Left] == 0 || next[joint.Left] != joint.Right || length[joint.Left] + length[joint.Right] != joint.Length)
            {
                continue;
            }

            length[joint.Left] = joint.Length;
            length[joint.Right] = 0;
            next[joint.Left] = next[joint.Right];
            if (next[joint.Left] < text.Length)
            {
                previous[next[joint.Left]] = joint.Left;
            }

            Offer(joint.Left);
            if (previous[joint.Left] >= 0)
            {
                Offer(previous[joint.Left]);
            }
        }

        for (int at = 0; at < text.Length; at = next[at])
        {
            AddSymbol(text.AsSpan(at, length[at]), tokens);
        }

        void Offer(int left)
        {
            int right = next[left];
            if (right < text.Length && _lookup.TryGetValue(text.AsSpan(left, length[left] + length[right]), out int token))
            {
                joints.Enqueue((left, right, length[left] + length[right]), (_model.Pieces[token].Score, left));
            }
        }
    }

    private void AddSymbol(ReadOnlySpan<char> symbol, List<int> tokens)
    {
        if (_lookup.TryGetValue(symbol, out int token))
        {
            tokens.Add(token);
            return;
        }

        Span<byte> bytes = stackalloc byte[4];
        foreach (byte value in bytes[..Encoding.UTF8.GetBytes(symbol, bytes)])
        {
            tokens.Add(_tokenOfByte[value]);
        }
    }
}
