using System.Runtime.InteropServices;
using System.Text;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.Weights;

/// <summary>
/// A published model of 264,128 numbers with a known greedy text, in the layout of llama2.c: seven 32-bit numbers, then tensors of all layers
/// one after the other. Tests that ask for it are skipped where it is not.
/// </summary>
internal static class Stories260K
{
    private const string Folder = "data/stories260K";

    /// <summary>Neighbouring channels are rotated together.</summary>
    public static IModelWeights Load()
    {
        byte[] file = File.ReadAllBytes(SharedData.Require($"{Folder}/stories260K.bin"));
        int[] header = MemoryMarshal.Cast<byte, int>(file.AsSpan(0, 28)).ToArray();
        ModelShape shape = new()
        {
            Name = "stories260K",
            Hidden = header[0],
            Ffn = header[1],
            Layers = header[2],
            Heads = header[3],
            KvHeads = header[4],
            HeadDim = header[0] / header[3],
            Vocab = header[5],
            MaxPositions = header[6],
            Activation = ActivationKind.SwiGlu,
            Norm = NormKind.RmsNorm,
            Position = PositionKind.Rotary,
            Biases = BiasKind.None,
            Tied = true,
            WeightType = DataType.Fp32,
            ActivationType = DataType.Fp32,
            KvType = DataType.Fp32,
        };
        CopiedWeights memory = new(file);
        long at = 28;
        long Take(long numbers)
        {
            long start = at;
            at += 4 * numbers;
            return start;
        }

        (int layers, int hidden, int ffn, int kv) = (shape.Layers, shape.Hidden, shape.Ffn, shape.KvWidth);
        long embedding = Take((long)shape.Vocab * hidden);
        long attentionNorm = Take((long)layers * hidden);
        long queries = Take((long)layers * hidden * hidden);
        long keys = Take((long)layers * kv * hidden);
        long values = Take((long)layers * kv * hidden);
        long output = Take((long)layers * hidden * hidden);
        long ffnNorm = Take((long)layers * hidden);
        long gate = Take((long)layers * ffn * hidden);
        long down = Take((long)layers * hidden * ffn);
        long up = Take((long)layers * ffn * hidden);
        long finalNorm = Take(hidden);

        // Two tables of rotary frequencies follow, [positions, half a head], which are not needed.
        if (at + (4L * shape.MaxPositions * shape.HeadDim) != file.Length)
        {
            throw new InvalidDataException($"{file.Length} bytes are not those of the header");
        }

        WeightSegment Rows(long start, int layer, int rows, int columns) => new(memory, start + (4L * layer * rows * columns), rows);
        float[] Numbers(long start, int layer) => MemoryMarshal.Cast<byte, float>(memory.Bytes(start + (4L * layer * hidden), 4 * hidden)).ToArray();
        LinearWeights Linear(OperatorRole role, int layer) => new(role switch
        {
            OperatorRole.QkvProjection => new WeightTensor(DataType.Fp32, hidden + (2 * kv), hidden, [Rows(queries, layer, hidden, hidden), Rows(keys, layer, kv, hidden), Rows(values, layer, kv, hidden)]),
            OperatorRole.OutputProjection => new WeightTensor(DataType.Fp32, hidden, hidden, [Rows(output, layer, hidden, hidden)]),
            OperatorRole.FfnUp => new WeightTensor(DataType.Fp32, 2 * ffn, hidden, [Rows(gate, layer, ffn, hidden), Rows(up, layer, ffn, hidden)]),
            _ => new WeightTensor(DataType.Fp32, hidden, ffn, [Rows(down, layer, hidden, ffn)]),
        });
        return new AssembledWeights(
            shape,
            new ModelNumerics { NormEpsilon = 1e-5, RopePairs = RopePairs.Neighbours, BeginToken = 1, EndToken = 2 },
            new WeightTensor(DataType.Fp32, shape.Vocab, hidden, [new WeightSegment(memory, embedding, shape.Vocab)]),
            null,
            Linear,
            (role, layer) => new NormWeights(role switch
            {
                OperatorRole.AttentionNorm => Numbers(attentionNorm, layer),
                OperatorRole.FfnNorm => Numbers(ffnNorm, layer),
                _ => Numbers(finalNorm, 0),
            }));
    }

    /// <summary>The vocabulary: pieces, with spaces, and scores.</summary>
    public static IReadOnlyList<(string Piece, float Score)> ReadPieces()
    {
        byte[] file = File.ReadAllBytes(SharedData.Require($"{Folder}/tok512.bin"));
        List<(string, float)> pieces = [];
        for (int at = 4; at < file.Length;)
        {
            int length = BitConverter.ToInt32(file, at + 4);
            pieces.Add((Encoding.UTF8.GetString(file, at + 8, length), BitConverter.ToSingle(file, at)));
            at += 8 + length;
        }

        return pieces;
    }

    /// <summary>The text of tokens: the space before the first word is dropped, <c>&lt;0x0A&gt;</c> is a byte, begin and end have no text.</summary>
    public static string Decode(IEnumerable<int> tokens)
    {
        IReadOnlyList<(string Piece, float Score)> pieces = ReadPieces();
        List<byte> bytes = [];
        foreach (int token in tokens.Where(token => token > 2))
        {
            string piece = pieces[token].Piece;
            bytes.AddRange(token < 259 ? [Convert.ToByte(piece[3..5], 16)] : Encoding.UTF8.GetBytes(piece));
        }

        string text = Encoding.UTF8.GetString(bytes.ToArray());
        return text.StartsWith(' ') ? text[1..] : text;
    }

    /// <summary>The greedy text after the begin token.</summary>
    public static string GreedyText() => File.ReadAllText(SharedData.Require($"{Folder}/greedy-256.txt"));
}
