using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// Images and videos by a decoder over a grid of tokens (LlamaGen, Sun et al., arXiv 2406.06525): in raster order; by diagonals, each token proposed by
/// a head of the neighbour at its left, above it and in the frame before it, whose logits are averaged (NAR, He et al., arXiv 2503.10696); or a token
/// of each region at once (PAR, Wang et al., arXiv 2412.15119). Settings: <c>order</c> 0 raster, 1 diagonals, 2 regions; <c>regions</c> of PAR;
/// <c>guidance</c> scale, 0 for none, else each image is computed twice; <c>staticCache</c> 1 to attend over all reserved places, whose keys are scaled
/// in a pass of their own, as LlamaGen's code does; <c>codec</c> 1 to make pixels in the end, 2 to reserve memory for it alone. A prompt is a class for
/// each image, or tokens of a text.
/// </summary>
public sealed class GridDecoding : ITechnique
{
    /// <inheritdoc/>
    public string Name => "grid-decoding";

    /// <inheritdoc/>
    public string ModelFamily => "llamagen";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        NetworkShape shape = session.Shape ?? throw new PimSimUserException("grid-decoding runs models of the family 'llamagen'");
        TechniqueSettings settings = request.Settings;
        int order = settings.Integer("order", 0, 2);
        GridSchedule schedule = order switch
        {
            0 => GridSchedule.Raster(shape["frames"], shape["rows"], shape["columns"]),
            1 => GridSchedule.Diagonals(shape["frames"], shape["rows"], shape["columns"]),
            _ => GridSchedule.Regions(shape["frames"], shape["rows"], shape["columns"], settings.Integer("regions", 1)),
        };
        int tokens = schedule.Frames * schedule.Rows * schedule.Columns;
        if (request.GeneratedTokens != tokens)
        {
            throw new PimSimUserException($"{shape.Name} makes {tokens} tokens at a time, not {request.GeneratedTokens}");
        }

        GridModel<TTensor> model = new(session, shape, request, order == 1);
        var codec = PixelDecoder<TTensor>.Declare(session, shape, request, tokens);
        int images = request.Sequences;
        int[] chosen = [];
        ImmutableArray<int> fed = [];
        foreach (ImmutableArray<int> step in schedule.Steps)
        {
            session.Begin(fed.IsEmpty && request.PromptTokens > 1 ? Phase.Prefill : Phase.Decode);
            Recorded<TTensor> logits = fed.IsEmpty
                ? model.FromClass(prompt.Span, step.Length)
                : model.FromTokens(chosen, fed, step, schedule);
            chosen = new int[images * step.Length];
            Choose(session, logits, images, chosen);
            fed = step;
            yield return session.Commit(chosen.Length);
        }

        if (codec is not null)
        {
            yield return codec.Decode(images, schedule.Frames * schedule.Rows * schedule.Columns);
        }
    }

    /// <summary>Samples token after token of each image, as the reference does.</summary>
    private static void Choose<TTensor>(EngineSession<TTensor> session, Recorded<TTensor> logits, int images, int[] chosen)
        where TTensor : ITensor
    {
        INetworkBackend<Recorded<TTensor>> net = session.Network;
        int width = chosen.Length / images;
        int[] tokens = new int[images];
        for (int token = 0; token < width; token++)
        {
            Recorded<TTensor> own = width == 1 ? logits : net.Rows(logits, [.. Enumerable.Range(0, images).Select(image => (image * width) + token)], OperatorRole.Sample);
            net.Sample(net.Softmax(own, OperatorRole.Sample), tokens);
            for (int image = 0; image < images; image++)
            {
                chosen[(image * width) + token] = tokens[image];
            }
        }

        if (session.HasData)
        {
            session.Decide(EngineSession<TTensor>.TokensDecision, [.. chosen.Select(token => (long)token)]);
        }
    }

    /// <summary>The network: a LLaMA-like trunk, and for NAR one more block with a head for each direction but the first.</summary>
    private sealed class GridModel<TTensor>
        where TTensor : ITensor
    {
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Decoder<Recorded<TTensor>> _decoder;
        private readonly BulkCopy<TTensor> _copy;
        private readonly WeightTensor _classes;
        private readonly WeightTensor _transition;
        private readonly (DecoderLayer Layer, NormLayer Norm, LinearLayer Head)[] _directions;
        private readonly KeyValues[] _caches;
        private readonly bool _isStatic;
        private readonly double _guidance;
        private readonly int _images;
        private readonly int _prefix;

        public GridModel(EngineSession<TTensor> session, NetworkShape network, GenerationRequest request, bool usesDirections)
        {
            _net = session.Network;
            _copy = new BulkCopy<TTensor>(_net);
            _images = request.Sequences;
            _prefix = request.PromptTokens;
            _guidance = request.Settings.Number("guidance", 0, 100);
            _isStatic = request.Settings.Integer("staticCache", 0, 1) == 1;
            int regions = request.Settings.Integer("order", 0, 2) == 2 ? request.Settings.Integer("regions", 1) : 1;
            int places = request.PromptTokens + (network["frames"] * network["rows"] * network["columns"]) + regions - 1;
            ModelShape shape = new()
            {
                Name = network.Name,
                Layers = network["layers"],
                Hidden = network["hidden"],
                Heads = network["heads"],
                KvHeads = network["heads"],
                HeadDim = network["hidden"] / network["heads"],
                Ffn = network["ffn"],
                Activation = ActivationKind.SwiGlu,
                Norm = NormKind.RmsNorm,
                Position = PositionKind.Rotary,
                Biases = BiasKind.None,
                Vocab = network["vocab"],
                MaxPositions = places + 8,
                Tied = false,
                WeightType = network.WeightType,
                ActivationType = network.ActivationType,
                KvType = network.KvType,
            };
            ParameterSet parameters = session.Parameters;
            _classes = parameters.Table(network["classes"] + 1, shape.Hidden);
            WeightTensor tokens = parameters.Table(shape.Vocab, shape.Hidden);
            DecoderLayer[] layers = [.. Enumerable.Range(0, shape.Layers).Select(_ => DecoderWeights.Declare(shape, parameters))];
            NormLayer norm = parameters.Norm(OperatorRole.FinalNorm, shape.Hidden, NormKind.RmsNorm);
            LinearLayer head = parameters.Linear(OperatorRole.LmHead, shape.Hidden, shape.Vocab);
            _decoder = new Decoder<Recorded<TTensor>>(_net, new DecoderWeights(shape, new ModelNumerics(), tokens, null, layers, norm, head));
            _directions = [.. Enumerable.Range(0, network["directions"] - 1).Select(_ => (
                DecoderWeights.Declare(shape, parameters),
                parameters.Norm(OperatorRole.FinalNorm, shape.Hidden, NormKind.RmsNorm),
                parameters.Linear(OperatorRole.LmHead, shape.Hidden, shape.Vocab)))];
            if (usesDirections && _directions.Length + 1 != (network["frames"] > 1 ? 3 : 2))
            {
                throw new PimSimUserException($"{network.Name} has heads for {network["directions"]} directions; diagonals of {network["frames"]} frames need {(network["frames"] > 1 ? 3 : 2)}");
            }

            _directions = usesDirections ? _directions : [];
            _transition = parameters.Table(regions, shape.Hidden);
            _caches = [.. Enumerable.Range(0, shape.Layers + _directions.Length).Select(_ => _decoder.CreateCache(Streams * _images, _isStatic ? (places + 7) / 8 * 8 : places))];
        }

        /// <summary>Sequences of an image: with guidance one with its class and one without, side by side.</summary>
        private int Streams => _guidance > 0 ? 2 : 1;

        /// <summary>Logits of the first tokens, [images x width, vocabulary]: all heads speak for each.</summary>
        public Recorded<TTensor> FromClass(ReadOnlySpan<int> classes, int width)
        {
            int[] ids = new int[Streams * _images * _prefix];
            for (int row = 0; row < ids.Length; row++)
            {
                (int sequence, int token) = Math.DivRem(row, _prefix);
                (int image, int stream) = Math.DivRem(sequence, Streams);
                ids[row] = stream == 1 ? _classes.Rows - 1 : classes[(image * _prefix) + token] % (_classes.Rows - 1);
            }

            _net.BeginBlock();
            Recorded<TTensor>[] features = Forward(_net.Embed(_classes, ids), [.. Enumerable.Range(0, _prefix)]);
            return Logits(features, _prefix, [.. Enumerable.Repeat(Sources(_ => _prefix - 1, width), 1 + _directions.Length)]);
        }

        /// <summary>Logits of the next tokens.</summary>
        /// <param name="chosen">The newest tokens of each image.</param>
        /// <param name="fed">Their places in the grid.</param>
        /// <param name="next">Places to predict.</param>
        /// <param name="schedule">The grid.</param>
        public Recorded<TTensor> FromTokens(int[] chosen, ImmutableArray<int> fed, ImmutableArray<int> next, GridSchedule schedule)
        {
            int width = fed.Length;
            int[] ids = [.. Enumerable.Range(0, Streams * _images).SelectMany(sequence => Enumerable.Range(0, width).Select(token => chosen[(sequence / Streams * width) + token]))];
            _net.BeginBlock();
            Recorded<TTensor> x = _net.Embed(_decoder.Weights.Tokens, ids);
            int[] positions = [.. fed.Select(place => place + _prefix)];
            if (_directions.Length == 0 && next.Length > width)
            {
                // PAR goes from single tokens to one of each region: learned vectors stand beside the token.
                int[] learned = [.. Enumerable.Range(0, Streams * _images).SelectMany(_ => Enumerable.Range(0, next.Length))];
                int[] copies = [.. Enumerable.Range(0, learned.Length).Select(row => row / next.Length)];
                x = _net.Add(_net.Rows(x, copies, OperatorRole.Embedding), _net.Embed(_transition, learned), OperatorRole.Embedding);
                (width, positions) = (next.Length, [.. next.Select(place => place + _prefix)]);
            }

            Recorded<TTensor>[] features = Forward(x, positions);
            if (_directions.Length == 0)
            {
                return Logits(features, width, [Sources(token => token, next.Length)]);
            }

            int[] steps = [1, schedule.Columns, schedule.Rows * schedule.Columns];
            return Logits(features, width, [.. steps.Take(features.Length).Select((step, direction) =>
                Sources(token => Neighbour(next[token], direction, schedule) ? fed.IndexOf(next[token] - step) : -1, next.Length))]);
        }

        private static int[] Sources(Func<int, int> rowOf, int width) => [.. Enumerable.Range(0, width).Select(rowOf)];

        private static bool Neighbour(int place, int direction, GridSchedule schedule) => direction switch
        {
            0 => place % schedule.Columns > 0,
            1 => place / schedule.Columns % schedule.Rows > 0,
            _ => place >= schedule.Rows * schedule.Columns,
        };

        /// <summary>The features of each head, before its normalisation.</summary>
        private Recorded<TTensor>[] Forward(Recorded<TTensor> x, int[] positions)
        {
            for (int layer = 0; layer < _decoder.Shape.Layers; layer++)
            {
                x = Layer(x, _decoder.Weights.Layers[layer], positions, _caches[layer]);
            }

            Recorded<TTensor> trunk = _net.Hold(x);
            return [trunk, .. _directions.Select((direction, index) => _net.Hold(Layer(trunk, direction.Layer, positions, _caches[_decoder.Shape.Layers + index])))];
        }

        private Recorded<TTensor> Layer(Recorded<TTensor> x, DecoderLayer layer, int[] positions, KeyValues cache)
        {
            _net.BeginBlock();
            Recorded<TTensor> qkv = _decoder.Project(x, layer, positions);
            _decoder.Append(qkv, cache);
            int queries = positions.Length;
            bool isPrefix = cache.Length == queries;
            if (!_isStatic)
            {
                return _decoder.Rest(x, _net.Attend(qkv, _decoder.Shape.Heads, cache, isPrefix ? AttentionPattern.Causal : AttentionPattern.All), layer);
            }

            // All reserved places are looked at; a mask hides those that hold nothing. The attention of products and a softmax scales all keys first.
            int held = cache.Length;
            if (cache.Capacity > held)
            {
                cache.Extend(cache.Capacity - held);
            }

            _copy.RunKeys(cache, cache.Capacity);
            Recorded<TTensor> attended = _net.Attend(qkv, _decoder.Shape.Heads, cache, AttentionPattern.Masked((query, token) => token < held && (!isPrefix || token <= query)));
            cache.Truncate(held);
            return _decoder.Rest(x, attended, layer);
        }

        /// <summary>The mean of the heads that speak for each token, combined over guidance.</summary>
        /// <param name="features">Of each head.</param>
        /// <param name="width">Rows of a sequence in them.</param>
        /// <param name="sources">Of each head, for each token the row that proposes it; -1 for none.</param>
        private Recorded<TTensor> Logits(Recorded<TTensor>[] features, int width, int[][] sources)
        {
            _net.BeginBlock();
            int tokens = sources[0].Length;
            Recorded<TTensor>? sum = null;
            for (int head = 0; head < features.Length; head++)
            {
                NormLayer norm = head == 0 ? _decoder.Weights.FinalNorm : _directions[head - 1].Norm;
                LinearLayer matrix = head == 0 ? _decoder.Weights.Head : _directions[head - 1].Head;
                Recorded<TTensor> x = features[head];
                if (tokens > 1 || width > 1)
                {
                    // The rows of guidance come to stand side by side.
                    int[] rows = [.. Enumerable.Range(0, _images * tokens * Streams).Select(row =>
                    {
                        (int place, int stream) = Math.DivRem(row, Streams);
                        (int image, int token) = Math.DivRem(place, tokens);
                        return (((image * Streams) + stream) * width) + Math.Max(0, sources[head][token]);
                    })];
                    x = _net.Rows(x, rows, OperatorRole.FinalNorm);
                }

                Recorded<TTensor> logits = _net.Linear(_net.Norm(x, norm), matrix);
                if (features.Length > 1)
                {
                    float[] shares = [.. Enumerable.Range(0, logits.Rows).Select(row =>
                    {
                        int token = row / Streams % tokens;
                        return sources[head][token] < 0 ? 0f : 1f / sources.Count(rows => rows[token] >= 0);
                    })];
                    logits = _net.Mix(logits, shares, 1);
                }

                sum = sum is { } before ? _net.Add(before, logits, OperatorRole.Mixing) : logits;
            }

            if (Streams == 1)
            {
                return sum!.Value;
            }

            float[] guided = [.. Enumerable.Range(0, sum!.Value.Rows).Select(row => (float)(row % 2 == 0 ? _guidance : 1 - _guidance))];
            return _net.Mix(sum.Value, guided, 2);
        }
    }
}
