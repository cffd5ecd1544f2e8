using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// GEAR (Kang et al., arXiv 2403.05527) on the groups of KIVI: keys and values in few bits, with a product of low rank and the outliers of each piece
/// beside them (<see cref="GearCompression"/>); the newest tokens wait in 16 bits until the buffer is full and is compressed. Attention runs over both
/// parts, and over the factors of low rank. Settings: <c>bits</c>, <c>group</c>, <c>outliers</c> (a share), <c>rank</c> of the prompt, <c>decodeRank</c>
/// of later pieces, <c>buffer</c> tokens, <c>iterations</c>. KIVI alone: ranks and outliers 0.
/// </summary>
public sealed class Gear : ITechnique
{
    // A scale and a zero for each group; an outlier is a number and an index of two.
    private const int NumbersPerGroup = 2;
    private const int NumbersPerOutlier = 3;

    /// <inheritdoc/>
    public string Name => "gear";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        Cache<TTensor> cache = new(session, request);
        return LayeredDecoding.Run(session, request, prompt, cache.Block);
    }

    private sealed class Cache<TTensor>
        where TTensor : ITensor
    {
        private readonly EngineSession<TTensor> _session;
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Decoder<Recorded<TTensor>> _decoder;
        private readonly ModelShape _shape;
        private readonly int _sequences;
        private readonly GearCompression _prompt;
        private readonly GearCompression _piece;
        private readonly int _buffer;
        private readonly KeyValues _reading;
        private readonly Layer[] _layers;

        public Cache(EngineSession<TTensor> session, GenerationRequest request)
        {
            TechniqueSettings settings = request.Settings;
            _session = session;
            _net = session.Network;
            _decoder = session.Decoder;
            _shape = _decoder.Shape;
            _sequences = request.Sequences;
            int bits = settings.Integer("bits", 2, 8);
            DataType type = bits switch
            {
                2 => DataType.Int2,
                4 => DataType.Int4,
                8 => DataType.Int8,
                _ => throw new PimSimUserException($"setting 'bits' of GEAR is {bits}; 2, 4 or 8 are stored"),
            };
            int group = settings.Integer("group", 1);
            _buffer = settings.Integer("buffer", 1);
            if (_buffer % group != 0)
            {
                throw new PimSimUserException($"a buffer of {_buffer} tokens is no multiple of groups of {group}: a piece is compressed whole");
            }

            _prompt = new GearCompression(bits, group, settings.Integer("rank", 0, _shape.HeadDim), settings.Number("outliers", 0, 1), settings.Integer("iterations", 1, 100));
            _piece = _prompt with { Rank = settings.Integer("decodeRank", 0, _shape.HeadDim) };
            int packed = request.PromptTokens - (request.PromptTokens % _buffer);
            int pieces = (LayeredDecoding.Capacity(request) - packed) / _buffer;
            int capacity = packed + (pieces * _buffer);
            _reading = LayeredDecoding.CreateCache(session, request.Sequences, request.PromptTokens);
            _reading.IsKept = false;
            int numbers = (NumbersPerGroup * (capacity * _shape.KvWidth / group))
                + (NumbersPerOutlier * ((packed > 0 ? _prompt.OutliersOf(packed * _shape.KvWidth) : 0) + (pieces * _piece.OutliersOf(_buffer * _shape.KvWidth))));
            _layers = [.. Enumerable.Range(0, _shape.Layers).Select(_ => new Layer(
                LayeredDecoding.CreateCache(session, request.Sequences, Math.Max(1, capacity), type),
                LayeredDecoding.CreateCache(session, request.Sequences, _buffer),
                Factors(_prompt.Rank, packed > 0 ? packed + _shape.HeadDim : 0),
                Factors(_piece.Rank, pieces * (_buffer + _shape.HeadDim)),
                Numbers(1, 1, numbers)))];
        }

        private KeyValues Numbers(int heads, int width, int tokens) => _net.CreateKeyValues(new KeyValueShape(heads, width, DataType.Fp16), _sequences, Math.Max(1, tokens));

        /// <summary>For each token of a piece, and each channel of a head, as many numbers as the rank: of keys and of values.</summary>
        private KeyValues? Factors(int rank, int vectors) => rank > 0 && vectors > 0 ? Numbers(_shape.KvHeads, rank, vectors) : null;

        public Recorded<TTensor> Block(int number, Recorded<TTensor> x, int[] positions)
        {
            _net.BeginBlock();
            Layer layer = _layers[number];
            DecoderLayer weights = _decoder.Weights.Layers[number];
            Recorded<TTensor> qkv = _decoder.Project(x, weights, positions);
            return _decoder.Rest(x, positions.Length > 1 ? Prompt(layer, qkv, positions.Length) : Next(layer, qkv), weights);
        }

        /// <summary>The prompt attends to itself in full; whole pieces of it are compressed at once, its end waits in the buffer.</summary>
        private Recorded<TTensor> Prompt(Layer layer, Recorded<TTensor> qkv, int tokens)
        {
            // Of one layer at a time, and gone with it: what the forward pass holds anyway, not what is cached.
            _reading.Truncate(0);
            _decoder.Append(qkv, _reading);
            Recorded<TTensor> attended = _net.Attend(qkv, _shape.Heads, _reading, AttentionPattern.Causal);
            int packed = tokens - (tokens % _buffer);
            Remember(layer, qkv);
            if (packed > 0)
            {
                Compress(layer, packed, _prompt);
                layer.PromptTokens = packed;
            }

            if (packed < tokens)
            {
                _net.CopyTokens(_reading, [.. Enumerable.Range(packed, tokens - packed)], tokens - packed, layer.Recent, OperatorRole.KvCompression);
            }

            return attended;
        }

        private Recorded<TTensor> Next(Layer layer, Recorded<TTensor> qkv)
        {
            _decoder.Append(qkv, layer.Recent);
            Remember(layer, qkv);
            Recorded<TTensor> attended = _net.AttendParts(qkv, _shape.Heads, [layer.Packed, layer.Recent], AttentionPattern.Causal);
            ReadFactors(layer.PromptFactors, layer.PromptTokens);
            ReadFactors(layer.PieceFactors, layer.Packed.Length - layer.PromptTokens);
            if (layer.Numbers.Length > 0)
            {
                _net.Pass(_sequences, 2 * layer.Numbers.Length, DataType.Fp16, OperatorRole.KvCompression);
            }

            if (layer.Recent.Length == _buffer)
            {
                layer.Recent.Truncate(0);
                Compress(layer, _buffer, _piece);
            }

            return attended;
        }

        /// <summary>
        /// Four small products a set of factors: queries with B, that with A^T, probabilities with A, that with B^T. On data the packed part holds what
        /// all of it stands for, so that these are only recorded.
        /// </summary>
        private void ReadFactors(KeyValues? factors, int tokens)
        {
            if (factors is not { Length: > 0 })
            {
                return;
            }

            foreach (int vectors in new[] { factors.Length - tokens, tokens, tokens, factors.Length - tokens })
            {
                _net.Pass(_sequences, factors.Shape.Width * vectors, DataType.Fp16, OperatorRole.KvCompression);
            }
        }

        /// <summary>Keys and values of tokens that are not compressed yet.</summary>
        private void Remember(Layer layer, Recorded<TTensor> qkv)
        {
            if (_session.HasData)
            {
                Recorded<TTensor> keysAndValues = _net.Columns(qkv, _shape.QueryWidth, 2 * _shape.KvWidth);
                int each = qkv.Rows / _sequences;
                layer.Waiting.AddRange(Enumerable.Range(0, each).Select(token =>
                    Enumerable.Range(0, _sequences).Select(sequence => _net.Row(keysAndValues, (sequence * each) + token).ToArray()).ToArray()));
            }
        }

        private void Compress(Layer layer, int tokens, GearCompression how)
        {
            int width = _shape.KvWidth;
            int rows = tokens * _sequences;
            float[] values = [];
            if (_session.HasData)
            {
                float[][][] pieces = [.. Enumerable.Range(0, _sequences).Select(sequence => Reconstruct([.. layer.Waiting.Take(tokens).Select(token => token[sequence])], how))];
                layer.Waiting.RemoveRange(0, tokens);
                values = [.. pieces.SelectMany(piece => piece.SelectMany(row => row))];
            }

            // Minima and maxima, then integers; of keys and of values. Each power iteration is two products, of both; outliers are chosen at both ends.
            for (int pass = 0; pass < 2; pass++)
            {
                _net.Pass(rows, 2 * width, _net.ActivationType, OperatorRole.KvCompression);
            }

            for (int product = 0; how.Rank > 0 && product < 4 * how.Iterations; product++)
            {
                _net.Pass(rows, width, _net.ActivationType, OperatorRole.KvCompression);
            }

            int outliers = how.OutliersOf(tokens * width);
            for (int end = 0; outliers > 0 && end < 4; end++)
            {
                _net.Pass(rows, width, _net.ActivationType, OperatorRole.KvCompression);
            }

            _net.Append(_net.Input(rows, 2 * width, values), layer.Packed);
            (ReferenceEquals(how, _prompt) ? layer.PromptFactors : layer.PieceFactors)?.Extend(tokens + _shape.HeadDim);
            layer.Numbers.Extend((NumbersPerGroup * (tokens * width / how.Group)) + (NumbersPerOutlier * outliers));
        }

        private float[][] Reconstruct(float[][] rows, GearCompression how)
        {
            int width = _shape.KvWidth;
            float[][] keys = how.Approximate([.. rows.Select(row => row[..width])], byChannel: true, _shape.KvHeads);
            float[][] values = how.Approximate([.. rows.Select(row => row[width..])], byChannel: false, _shape.KvHeads);
            return [.. keys.Zip(values, (key, value) => (float[])[.. key, .. value])];
        }

        /// <summary>What a layer holds: integers, the buffer, factors of low rank (of the prompt and of later pieces), scales and outliers.</summary>
        private sealed record Layer(KeyValues Packed, KeyValues Recent, KeyValues? PromptFactors, KeyValues? PieceFactors, KeyValues Numbers)
        {
            public List<float[][]> Waiting { get; } = [];

            public int PromptTokens { get; set; }
        }
    }
}
