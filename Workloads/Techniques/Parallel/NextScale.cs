using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// Next-scale prediction (VAR, Tian et al., arXiv 2404.02905): an image is a pyramid of token maps, each predicted in one pass from all before it. With
/// fewer layers from some scale on it is VARiant (arXiv 2511.16546); with another, small network from some scale on, CoDe (arXiv 2411.17787). Settings:
/// <c>scales</c> to make, 0 for all; <c>sharedScales</c> that run all layers; <c>depth</c> layers of the scales after them, 0 for all; <c>refiner</c>
/// 1 to run those scales on the network's refiner instead; <c>guidance</c> scale, 0 for none; <c>topK</c> of sampling; <c>codec</c> 1 to make pixels in
/// the end, 2 to reserve memory for it alone. A prompt is one class for each image.
/// </summary>
public sealed class NextScale : ITechnique
{
    /// <inheritdoc/>
    public string Name => "next-scale";

    /// <inheritdoc/>
    public string ModelFamily => "var";

    /// <summary>The layers of the scales that run fewer than all: the first, the last and others evenly between them.</summary>
    /// <param name="layers">Layers of the network.</param>
    /// <param name="depth">Layers to run; 0 for all.</param>
    public static ImmutableArray<int> LayersOf(int layers, int depth) => depth == 0 || depth >= layers
        ? [.. Enumerable.Range(0, layers)]
        : depth == 1 ? [0] : [.. Enumerable.Range(0, depth).Select(index => index * (layers - 1) / (depth - 1))];

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        NetworkShape shape = session.Shape ?? throw new PimSimUserException("next-scale runs models of the family 'var'");
        TechniqueSettings settings = request.Settings;
        var schedule = ScaleSchedule.Of(shape, request);
        int shared = Math.Min(settings.Integer("sharedScales"), schedule.Sides.Length);
        bool refines = settings.Integer("refiner", 0, 1) == 1;
        Network<TTensor> network = new(session, request, schedule, shape["layers"], shape["hidden"], shape["heads"], refines ? schedule.Firsts[shared] : schedule.Firsts[^1]);
        Network<TTensor>? refiner = refines && shared < schedule.Sides.Length
            ? new(session, request, schedule, shape["refinerLayers"], shape["refinerHidden"], shape["refinerHeads"], schedule.Firsts[^1])
            : null;
        var codec = PixelDecoder<TTensor>.Declare(session, shape, request, schedule.Tokens(schedule.Sides.Length - 1));
        session.CountsKvBetweenSteps = true;
        ImmutableArray<int> fewer = LayersOf(shape["layers"], settings.Integer("depth", 0, shape["layers"]));
        List<int[]> maps = [];
        for (int scale = 0; scale < schedule.Sides.Length; scale++)
        {
            session.Begin(Phase.Decode);
            Network<TTensor> current = network;
            int first = scale;
            if (scale >= shared && refiner is not null)
            {
                // The refiner reads what the other network drafted together with its own first scale.
                current = refiner;
                first = scale == shared ? 0 : scale;
                network.Forget();
            }

            ImmutableArray<int> layers = LayersOf(current.Layers, 0);
            maps.Add(current.Predict(prompt.Span, maps, first, scale, scale >= shared && refiner is null ? fewer : layers));
            yield return session.Commit(maps[^1].Length);
        }

        if (codec is not null)
        {
            yield return codec.Decode(request.Sequences, schedule.Tokens(schedule.Sides.Length - 1));
        }
    }

    private sealed class Network<TTensor>
        where TTensor : ITensor
    {
        private readonly EngineSession<TTensor> _session;
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly BulkCopy<TTensor> _copy;
        private readonly ScaleSchedule _schedule;
        private readonly ScaleBlocks<TTensor> _blocks;
        private readonly int _images;
        private readonly double _guidance;
        private readonly int _topK;
        private readonly WeightTensor _classes;
        private readonly WeightTensor _positions;
        private readonly WeightTensor _codebook;
        private readonly LinearLayer _word;
        private readonly LinearLayer _head;
        private readonly KeyValues[] _caches;

        public Network(EngineSession<TTensor> session, GenerationRequest request, ScaleSchedule schedule, int layers, int hidden, int heads, int capacity)
        {
            NetworkShape shape = session.Shape!;
            ParameterSet parameters = session.Parameters;
            _session = session;
            _net = session.Network;
            _copy = new BulkCopy<TTensor>(_net);
            _schedule = schedule;
            _images = request.Sequences;
            _guidance = request.Settings.Number("guidance", 0, 100);
            _topK = request.Settings.Integer("topK");
            _classes = parameters.Table(shape["classes"] + 1, hidden);
            _positions = parameters.Table(schedule.Firsts[^1], hidden);
            _codebook = parameters.Table(shape["vocab"], shape["latent"]);
            _word = parameters.Linear(OperatorRole.Embedding, shape["latent"], hidden, bias: true);
            _blocks = new ScaleBlocks<TTensor>(_net, parameters, new ScaleBlockSizes(layers, hidden, heads, SharedModulation: false, Text: false));
            _head = parameters.Linear(OperatorRole.LmHead, hidden, shape["vocab"], bias: true);
            _caches = [.. Enumerable.Range(0, layers).Select(_ => _net.CreateKeyValues(_blocks.KeyValues(shape.KvType), Streams * _images, capacity))];
        }

        public int Layers => _caches.Length;

        /// <summary>Sequences of an image: with guidance one with its class and one without, side by side.</summary>
        private int Streams => _guidance > 0 ? 2 : 1;

        /// <summary>Drops keys and values.</summary>
        public void Forget()
        {
            foreach (KeyValues cache in _caches)
            {
                cache.Truncate(0);
            }
        }

        /// <summary>Reads the maps from one scale on and predicts one; its tokens, image by image.</summary>
        public int[] Predict(ReadOnlySpan<int> classes, List<int[]> maps, int first, int scale, ImmutableArray<int> layers)
        {
            int[] ids = new int[Streams * _images];
            for (int sequence = 0; sequence < ids.Length; sequence++)
            {
                (int image, int stream) = Math.DivRem(sequence, Streams);
                ids[sequence] = stream == 1 ? _classes.Rows - 1 : classes[image * (classes.Length / _images)] % (_classes.Rows - 1);
            }

            _net.BeginBlock();
            Recorded<TTensor> condition = _net.Hold(_net.Embed(_classes, ids));
            Recorded<TTensor> x = Input(condition, maps, first, scale);
            _blocks.Begin(condition);
            int start = _schedule.Firsts[first];
            AttentionPattern pattern = first == scale ? AttentionPattern.All : AttentionPattern.Masked((query, token) => token < _schedule.Firsts[_schedule.ScaleOf(start + query) + 1]);
            foreach (int layer in layers)
            {
                KeyValues cache = _caches[layer];
                x = _blocks.Run(x, condition, layer, (qkv, _) =>
                {
                    // The reference concatenates: all that is cached is written anew, with what is new.
                    _copy.Run(cache, cache.Length + (qkv.Rows / cache.Sequences));
                    _net.Append(_net.Columns(qkv, _blocks.Sizes.Hidden, 2 * _blocks.Sizes.Hidden), cache);
                    return _net.Attend(qkv, _blocks.Sizes.Heads, cache, pattern);
                });
            }

            return Choose(x, condition, first, scale);
        }

        private Recorded<TTensor> Input(Recorded<TTensor> condition, List<int[]> maps, int first, int scale)
        {
            int tokens = _schedule.Firsts[scale + 1] - _schedule.Firsts[first];
            int sequences = Streams * _images;
            int[] positions = [.. Enumerable.Range(0, sequences * tokens).Select(row => _schedule.Firsts[first] + (row % tokens))];
            Recorded<TTensor> embedded = _net.Embed(_positions, positions);
            Recorded<TTensor> x = first == scale && scale > 0
                ? _net.Linear(_net.Embed(_codebook, Codes(maps, first, scale)), _word)
                : first == scale ? condition : Prefixed(condition, maps, scale, tokens);
            return _net.Add(x, embedded, OperatorRole.Embedding);
        }

        /// <summary>The condition, then the words of all later scales.</summary>
        private Recorded<TTensor> Prefixed(Recorded<TTensor> condition, List<int[]> maps, int scale, int tokens)
        {
            int[] rows = [.. Enumerable.Range(0, Streams * _images * tokens).Select(row => row / tokens)];
            float[] ofCondition = [.. Enumerable.Range(0, rows.Length).Select(row => row % tokens == 0 ? 1f : 0f)];
            Recorded<TTensor> words = _net.Linear(_net.Embed(_codebook, Codes(maps, 0, scale)), _word);
            return _net.Add(
                _net.Mix(_net.Rows(condition, rows, OperatorRole.Embedding), ofCondition, 1, OperatorRole.Embedding),
                _net.Mix(words, [.. ofCondition.Select(share => 1 - share)], 1, OperatorRole.Embedding),
                OperatorRole.Embedding);
        }

        /// <summary>What each token of these scales reads: the nearest token of the scale before; of the first scale nothing.</summary>
        private int[] Codes(List<int[]> maps, int first, int last)
        {
            List<int> codes = [];
            int[][] nearest = [.. Enumerable.Range(first, last - first + 1).Select(scale => scale == 0 ? [] : _schedule.Nearest(scale))];
            for (int sequence = 0; sequence < Streams * _images; sequence++)
            {
                for (int scale = first; scale <= last; scale++)
                {
                    if (scale == 0)
                    {
                        codes.Add(0);
                        continue;
                    }

                    int before = sequence / Streams * _schedule.Tokens(scale - 1);
                    foreach (int place in nearest[scale - first])
                    {
                        codes.Add(maps[scale - 1][before + place]);
                    }
                }
            }

            return [.. codes];
        }

        private int[] Choose(Recorded<TTensor> x, Recorded<TTensor> condition, int first, int scale)
        {
            _net.BeginBlock();
            int tokens = _schedule.Tokens(scale);
            int each = x.Rows / (Streams * _images);
            x = _blocks.Final(x, condition);
            if (Streams == 2 || first != scale)
            {
                // The rows of guidance come to stand side by side, and what was only read goes.
                x = _net.Rows(
                    x,
                    [.. Enumerable.Range(0, _images * tokens * Streams).Select(row =>
                    {
                        (int place, int stream) = Math.DivRem(row, Streams);
                        (int image, int token) = Math.DivRem(place, tokens);
                        return ((((image * Streams) + stream) * each) + each - tokens) + token;
                    })],
                    OperatorRole.FinalNorm);
            }

            Recorded<TTensor> logits = _net.Linear(x, _head);
            if (Streams == 2)
            {
                double scaled = _guidance * scale / Math.Max(1, _schedule.Sides.Length - 1);
                logits = _net.Mix(logits, [.. Enumerable.Range(0, logits.Rows).Select(row => (float)(row % 2 == 0 ? 1 + scaled : -scaled))], 2);
            }

            if (_topK > 0)
            {
                int count = Math.Min(_topK, logits.Columns);
                _net.TopK(logits, count, new int[logits.Rows * count], OperatorRole.Sample);
            }

            int[] chosen = new int[logits.Rows];
            _net.Sample(_net.Softmax(logits, OperatorRole.Sample), chosen);
            if (_session.HasData)
            {
                _session.Decide(EngineSession<TTensor>.TokensDecision, [.. chosen.Select(token => (long)token)]);
            }

            return chosen;
        }
    }
}
