using System.Text;
using Google.Protobuf;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

/// <summary>
/// A SentencePiece BPE vocabulary with byte fallback: first the unknown, begin and end tokens, then 256 bytes, then pieces with scores. Encodes
/// as the method says: characters first, then the neighbours whose joint piece has the best score are joined, until no joint is a piece.
/// </summary>
internal sealed class NaiveSentencePiece(IReadOnlyList<(string Piece, float Score)> pieces)
{
    public const int FirstByte = 3;
    public const int FirstPiece = FirstByte + 256;

    private readonly Dictionary<string, int> _ids = pieces.Select((piece, index) => (piece.Piece, index)).Skip(FirstPiece).GroupBy(piece => piece.Piece).ToDictionary(group => group.Key, group => group.First().index);

    public static NaiveSentencePiece Random(int seed)
    {
        Random random = new(seed);
        List<(string, float)> pieces = [("<unk>", 0), ("<s>", 0), ("</s>", 0), .. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f))];
        List<string> known = [" ", "a", "b", "c", "é", "日", "\n"];
        HashSet<string> seen = [.. known];
        List<string> learned = [];
        while (learned.Count < 40)
        {
            string joint = known[random.Next(known.Count)] + known[random.Next(known.Count)];
            if (joint.Length <= 6 && seen.Add(joint))
            {
                known.Add(joint);
                learned.Add(joint);
            }
        }

        pieces.AddRange(learned.Select((piece, index) => (piece, -(float)index)));
        pieces.AddRange(known.Take(7).Select((piece, index) => (piece, -1000f - index)));
        return new NaiveSentencePiece(pieces);
    }

    public List<int> Encode(string text)
    {
        List<string> parts = [" ", .. text.EnumerateRunes().Select(rune => rune.ToString())];
        while (true)
        {
            int best = -1;
            for (int index = 0; index + 1 < parts.Count; index++)
            {
                if (Score(parts, index) > (best < 0 ? float.NegativeInfinity : Score(parts, best)))
                {
                    best = index;
                }
            }

            if (best < 0)
            {
                break;
            }

            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }

        return [1, .. parts.SelectMany(part => _ids.TryGetValue(part, out int id) ? [id] : Encoding.UTF8.GetBytes(part).Select(value => FirstByte + value))];
    }

    /// <summary>The file, as the library's own description of the format lays it out.</summary>
    public void Write(string path, int modelType = 2, string normaliser = "identity")
    {
        using MemoryStream model = new();
        using (CodedOutputStream output = new(model, leaveOpen: true))
        {
            WriteModel(output, modelType, normaliser);
        }

        File.WriteAllBytes(path, model.ToArray());
    }

    private void WriteModel(CodedOutputStream output, int modelType, string normaliser)
    {
        for (int index = 0; index < pieces.Count; index++)
        {
            int kind = index switch { 0 => 2, < FirstByte => 3, < FirstPiece => 6, _ => 1 };
            Message(output, 1, piece =>
            {
                piece.WriteTag(1, WireFormat.WireType.LengthDelimited);
                piece.WriteString(pieces[index].Piece.Replace(' ', '\u2581'));
                piece.WriteTag(2, WireFormat.WireType.Fixed32);
                piece.WriteFloat(pieces[index].Score);
                Number(piece, 3, kind);
            });
        }

        Message(output, 2, trainer =>
        {
            Number(trainer, 3, modelType);
            Number(trainer, 35, 1);
            Number(trainer, 40, 0);
            Number(trainer, 41, 1);
            Number(trainer, 42, 2);
        });
        Message(output, 3, rules =>
        {
            rules.WriteTag(1, WireFormat.WireType.LengthDelimited);
            rules.WriteString(normaliser);
            Number(rules, 3, 1);
            Number(rules, 4, 0);
            Number(rules, 5, 1);
        });
    }

    private float Score(List<string> parts, int index) => _ids.TryGetValue(parts[index] + parts[index + 1], out int id) ? pieces[id].Score : float.NegativeInfinity;

    private static void Number(CodedOutputStream output, int field, int value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt32(value);
    }

    private static void Message(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        using MemoryStream inner = new();
        using (CodedOutputStream content = new(inner, leaveOpen: true))
        {
            write(content);
        }

        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(inner.ToArray()));
    }
}
