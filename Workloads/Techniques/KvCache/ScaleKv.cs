using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques.Parallel;
using PimSim.Workloads.Techniques.Speculative;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// Text to image by Infinity (Han et al., arXiv 2412.04431), and with ScaleKV (Li et al., arXiv 2505.19602): from some scale on each layer keeps only as
/// many keys and values as its budget says, those that a window of queries of the newest map attends to most. A few layers (drafters) have large
/// budgets that grow, all others (refiners) small ones. Settings: <c>compress</c> 0 keeps all; <c>scales</c> to make, 0 for all; <c>drafters</c> layers
/// by number, the earlier ones for longer; <c>lastDrafters</c> of them at the last scale; <c>firstBudget</c> the scale, from 1, that the first budget
/// is for; <c>drafterBudgets</c> and <c>refinerBudgets</c> tokens from that scale on; <c>window</c> queries; <c>guidance</c> scale, 0 for none. A prompt
/// is the text, whose features come from an encoder that is not run.
/// </summary>
public sealed class ScaleKv : ITechnique
{
    /// <inheritdoc/>
    public string Name => "scale-kv";

    /// <inheritdoc/>
    public string ModelFamily => "infinity";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        NetworkShape shape = session.Shape ?? throw new PimSimUserException("scale-kv runs models of the family 'infinity'");
        var schedule = ScaleSchedule.Of(shape, request);
        session.CountsKvBetweenSteps = true;
        Network<TTensor> network = new(session, request, schedule);
        int[] map = [];
        for (int scale = 0; scale < schedule.Sides.Length; scale++)
        {
            session.Begin(Phase.Decode);
            map = network.Predict(prompt.Span, map, scale);
            yield return session.Commit(map.Length);
        }
    }

    private sealed class Network<TTensor>
        where TTensor : ITensor
    {
        private readonly EngineSession<TTensor> _session;
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly BulkCopy<TTensor> _copy;
        private readonly ScaleSchedule _schedule;
        private readonly ImmutableArray<int> _drafters;
        private readonly ImmutableArray<int> _drafterBudgets;
        private readonly ImmutableArray<int> _refinerBudgets;
        private readonly int _lastDrafters;
        private readonly int _firstBudget;
        private readonly int _window;
        private readonly ScaleBlocks<TTensor> _blocks;
        private readonly int _images;
        private readonly double _guidance;
        private readonly bool _compresses;
        private readonly int _textWidth;
        private readonly LinearLayer[] _textProjection;
        private readonly LinearLayer _condition;
        private readonly WeightTensor _codebook;
        private readonly WeightTensor _levels;
        private readonly LinearLayer _word;
        private readonly LinearLayer _head;
        private readonly KeyValues[] _caches;
        private readonly KeyValues? _working;

        public Network(EngineSession<TTensor> session, GenerationRequest request, ScaleSchedule schedule)
        {
            NetworkShape shape = session.Shape!;
            ParameterSet parameters = session.Parameters;
            _session = session;
            _net = session.Network;
            _copy = new BulkCopy<TTensor>(_net);
            _schedule = schedule;
            TechniqueSettings settings = request.Settings;
            _images = request.Sequences;
            _guidance = settings.Number("guidance", 0, 100);
            _compresses = settings.Integer("compress", 0, 1) == 1;
            if (_compresses)
            {
                (_drafters, _drafterBudgets, _refinerBudgets) = (settings.Integers("drafters"), settings.Integers("drafterBudgets", 1), settings.Integers("refinerBudgets", 1));
                (_lastDrafters, _firstBudget, _window) = (settings.Integer("lastDrafters"), settings.Integer("firstBudget", 1), settings.Integer("window", 1));
            }

            int hidden = shape["hidden"];
            _textWidth = shape["textWidth"];
            _textProjection = [parameters.Linear(OperatorRole.CrossKvProjection, _textWidth, hidden, bias: true), parameters.Linear(OperatorRole.CrossKvProjection, hidden, hidden, bias: true)];
            _condition = parameters.Linear(OperatorRole.Modulation, hidden, hidden, bias: true);
            _codebook = parameters.Table(2 * shape["codeBits"], shape["codeBits"]);
            _levels = parameters.Table(shape["scales"], hidden);
            _word = parameters.Linear(OperatorRole.Embedding, shape["codeBits"], hidden, bias: true);
            _blocks = new ScaleBlocks<TTensor>(_net, parameters, new ScaleBlockSizes(shape["layers"], hidden, shape["heads"], SharedModulation: true, Text: true));
            _head = parameters.Linear(OperatorRole.LmHead, hidden, 2 * shape["codeBits"], bias: true);
            parameters.CountOthers(1_000_000L * shape["otherMegaParameters"]);
            KeyValueShape kv = _blocks.KeyValues(shape.KvType);
            int sequences = Streams * _images;
            int all = schedule.Firsts[^1];
            _caches = [.. Enumerable.Range(0, shape["layers"]).Select(layer => _net.CreateKeyValues(kv, sequences, _compresses
                ? Enumerable.Range(1, schedule.Sides.Length).Max(scale => Math.Min(Budget(layer, scale), schedule.Firsts[Math.Min(scale, schedule.Sides.Length - 1)]))
                : all))];
            if (_compresses)
            {
                _working = _net.CreateKeyValues(kv, sequences, all);
                _working.IsBuffer = true;
            }
        }

        private int Streams => _guidance > 0 ? 2 : 1;

        public int[] Predict(ReadOnlySpan<int> prompt, int[] map, int scale)
        {
            _net.BeginBlock();
            Recorded<TTensor> text = _net.Hold(Text(prompt));
            Recorded<TTensor> condition = _net.Hold(_net.Linear(_net.LastRows(text, Streams * _images), _condition));
            int tokens = _schedule.Tokens(scale);
            _blocks.Begin(condition, text, [.. Enumerable.Range(_schedule.Firsts[scale], tokens)]);
            Recorded<TTensor> level = _net.Embed(_levels, [.. Enumerable.Repeat(scale, Streams * _images * tokens)]);
            Recorded<TTensor> x = _net.Add(scale == 0 ? condition : _net.Linear(_net.Embed(_codebook, Codes(map, scale)), _word), level, OperatorRole.Embedding);
            for (int layer = 0; layer < _caches.Length; layer++)
            {
                int number = layer;
                x = _blocks.Run(x, condition, layer, (qkv, project) => _compresses ? AttendWithin(qkv, project, number, scale) : AttendToAll(qkv, _caches[number], scale));
            }

            return Choose(x, condition, tokens);
        }

        /// <summary>Everything so far; the last map is not kept.</summary>
        private Recorded<TTensor> AttendToAll(Recorded<TTensor> qkv, KeyValues cache, int scale)
        {
            int held = cache.Length;
            _copy.Run(cache, held + (qkv.Rows / cache.Sequences));
            _net.Append(KeysAndValues(qkv), cache);
            Recorded<TTensor> attended = _net.Attend(qkv, _blocks.Sizes.Heads, cache, AttentionPattern.All);
            if (scale == _schedule.Sides.Length - 1)
            {
                cache.Truncate(held);
            }

            return attended;
        }

        /// <summary>What the layer kept and the map itself; then as much of both as its budget for the next scale allows is kept.</summary>
        private Recorded<TTensor> AttendWithin(Recorded<TTensor> qkv, Func<int[], Recorded<TTensor>> project, int layer, int scale)
        {
            KeyValues cache = _caches[layer];
            _working!.Truncate(0);
            if (cache.Length > 0)
            {
                _net.CopyTokens(cache, [.. Enumerable.Range(0, cache.Length)], cache.Length, _working, OperatorRole.KvAppend);
            }

            _net.Append(KeysAndValues(qkv), _working);
            Recorded<TTensor> attended = _net.Attend(qkv, _blocks.Sizes.Heads, _working, AttentionPattern.All);
            if (scale == _schedule.Sides.Length - 1)
            {
                return attended;
            }

            int budget = Budget(layer, scale + 2);
            if (_working.Length <= budget)
            {
                _net.Append(KeysAndValues(qkv), cache);
                return attended;
            }

            Recorded<TTensor> scores = _net.Scores(project(Window(scale)), _blocks.Sizes.Heads, _working, AttentionPattern.All);

            // A pass in the place of the maximum over five neighbours; squares rank as what they are squares of.
            scores = _net.Multiply(scores, scores, OperatorRole.KvSelection);
            int[] places = new int[scores.Rows * budget];
            _net.TopK(scores, budget, places, OperatorRole.KvSelection);
            cache.Truncate(0);
            _net.CopyTokens(_working, places, budget, cache);
            return attended;
        }

        /// <summary>The middles of 4 x 4 equal patches of the map, of all sequences.</summary>
        private int[] Window(int scale)
        {
            int side = _schedule.Sides[scale];
            int wide = Math.Min(side, (int)Math.Sqrt(_window));
            int[] places = [.. Enumerable.Range(0, wide * wide).Select(patch => (((patch / wide * side) + (side / 2)) / wide * side) + (((patch % wide * side) + (side / 2)) / wide))];
            return [.. Enumerable.Range(0, Streams * _images).SelectMany(sequence => places.Select(place => (sequence * side * side) + place))];
        }

        /// <summary>Tokens that a layer may have kept when it comes to a scale, counted from 1.</summary>
        private int Budget(int layer, int scale)
        {
            int index = scale - _firstBudget;
            if (index < 0)
            {
                return int.MaxValue;
            }

            int now = scale == _schedule.Sides.Length ? Math.Min(_drafters.Length, _lastDrafters) : _drafters.Length;
            ImmutableArray<int> budgets = _drafters.AsSpan(0, now).Contains(layer) ? _drafterBudgets : _refinerBudgets;
            return budgets[Math.Min(index, budgets.Length - 1)];
        }

        private Recorded<TTensor> KeysAndValues(Recorded<TTensor> qkv) => _net.Columns(qkv, _blocks.Sizes.Hidden, 2 * _blocks.Sizes.Hidden);

        /// <summary>Projected features of the text; of the sequences without guidance those of no text, as long.</summary>
        private Recorded<TTensor> Text(ReadOnlySpan<int> prompt)
        {
            int tokens = prompt.Length / _images;
            int rows = Streams * _images * tokens;
            float[] features = [];
            if (_net.HasData)
            {
                features = new float[rows * _textWidth];
                for (int row = 0; row < rows; row++)
                {
                    (int sequence, int token) = Math.DivRem(row, tokens);
                    int id = sequence % Streams == 1 ? -1 : prompt[(sequence / Streams * tokens) + token];
                    for (int column = 0; column < _textWidth; column++)
                    {
                        features[(row * _textWidth) + column] = MathF.Sin(((id + 2) * 0.7f) + (column * 1.3f) + token);
                    }
                }
            }

            Recorded<TTensor> x = _net.Linear(_net.Input(rows, _textWidth, features), _textProjection[0]);
            return _net.Linear(_net.Activate(x, ActivationKind.Gelu, OperatorRole.CrossKvProjection), _textProjection[1]);
        }

        private int[] Codes(int[] map, int scale)
        {
            int before = _schedule.Tokens(scale - 1);
            int[] nearest = _schedule.Nearest(scale);
            return [.. Enumerable.Range(0, Streams * _images).SelectMany(sequence => nearest.Select(place => map[(sequence / Streams * before) + place]))];
        }

        private int[] Choose(Recorded<TTensor> x, Recorded<TTensor> condition, int tokens)
        {
            _net.BeginBlock();
            x = _blocks.Final(x, condition);
            Recorded<TTensor> logits = _net.Linear(x, _head);
            if (Streams == 2)
            {
                // Few columns: the rows of guidance come to stand side by side after the head.
                int[] rows = [.. Enumerable.Range(0, logits.Rows).Select(row =>
                {
                    (int place, int stream) = Math.DivRem(row, 2);
                    (int image, int token) = Math.DivRem(place, tokens);
                    return (((image * 2) + stream) * tokens) + token;
                })];
                logits = _net.Mix(_net.Rows(logits, rows, OperatorRole.Sample), [.. Enumerable.Range(0, logits.Rows).Select(row => (float)(row % 2 == 0 ? _guidance : 1 - _guidance))], 2);
            }

            int[] chosen = new int[logits.Rows];
            Recorded<TTensor> odds = _net.Softmax(logits, OperatorRole.Sample);
            _net.Sample(odds, chosen);
            if (_session.HasData)
            {
                // The most likely token of equal rows would be the same; codes are drawn, as in the reference.
                for (int row = 0; row < chosen.Length; row++)
                {
                    chosen[row] = TokenDistribution.Draw(_net.Row(odds, row), _session.Draws.Uniform("sample"));
                }

                _session.Decide(EngineSession<TTensor>.TokensDecision, [.. chosen.Select(token => (long)token)]);
            }

            return chosen;
        }
    }
}
