using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// ALISA (Zhao et al., ISCA 2024, arXiv 2403.17312). Sparse window attention: each step looks at the newest tokens and at as many of the others, those
/// that the last steps attended to most. Keys and values are integers; once they outgrow the device the oldest lie on the host, of which what is
/// chosen comes over the link or, later, is computed again from the layer's inputs. Settings: <c>cachingRatio</c> tokens looked at, of those cached;
/// <c>kvBits</c> 16 or 8; <c>deviceTokens</c> tokens a sequence that the device has room for (phase II begins); <c>recomputeFrom</c> tokens from which on
/// the oldest are deleted (phase III); <c>recomputeShare</c> of those on the host. Decisions where there is no data: how many of the chosen lie on the
/// host (<c>fetched</c>) or are deleted (<c>recomputed</c>), drawn as if all were equally likely to be chosen.
/// </summary>
public sealed class Alisa : ITechnique
{
    /// <summary>Name of the decision on data: the other tokens that each layer chose, in descending order of attention.</summary>
    public const string GlobalDecision = "global";

    private const string FetchedDecision = "fetched";
    private const string RecomputedDecision = "recomputed";

    /// <inheritdoc/>
    public string Name => "alisa";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        LayeredDecoding.RequireOneSequence(session, request, "ALISA");
        Caching<TTensor> caching = new(session, request);
        return LayeredDecoding.Run(session, request, prompt, caching.Block, _ => caching.EndStep());
    }

    /// <summary>Newest tokens that a step looks at, and others, of so many cached; both together are the ratio of them.</summary>
    public static (int Local, int Global) Budget(int cached, double ratio)
    {
        int all = Math.Clamp((int)Math.Round(cached * ratio, MidpointRounding.AwayFromZero), 1, cached);
        int local = Math.Clamp((int)Math.Floor(cached * ratio / 2), 1, all);
        return (local, all - local);
    }

    private sealed class Caching<TTensor>
        where TTensor : ITensor
    {
        private readonly EngineSession<TTensor> _session;
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Decoder<Recorded<TTensor>> _decoder;
        private readonly ModelShape _shape;
        private readonly int _sequences;
        private readonly double _ratio;
        private readonly bool _quantised;
        private readonly int _deviceTokens;
        private readonly int _recomputeFrom;
        private readonly double _recomputeShare;
        private readonly Rotary? _rotary;
        private readonly Layer[] _layers;
        private readonly List<long> _chosen = [];
        private (int Fetched, int Recomputed)? _drawn;

        public Caching(EngineSession<TTensor> session, GenerationRequest request)
        {
            TechniqueSettings settings = request.Settings;
            _session = session;
            _net = session.Network;
            _decoder = session.Decoder;
            _shape = _decoder.Shape;
            _sequences = request.Sequences;
            _ratio = settings.Number("cachingRatio", 0.001, 1);
            _quantised = settings.Integer("kvBits", 8, 16) == 8;
            int capacity = LayeredDecoding.Capacity(request);
            _deviceTokens = Math.Min(capacity, settings.Integer("deviceTokens", 1));
            _recomputeFrom = settings.Integer("recomputeFrom", 1);
            _recomputeShare = settings.Number("recomputeShare", 0, 1);
            _rotary = Rotary.Of(_shape, _decoder.Weights.Numerics);
            DataType type = _quantised ? DataType.Int8 : _shape.KvType;
            (int local, int global) = Budget(capacity, _ratio);
            KeyValues Cache(int tokens, bool kept)
            {
                KeyValues cache = LayeredDecoding.CreateCache(session, request.Sequences, tokens, type);
                cache.IsKept = kept;
                return cache;
            }

            // All layers share the cache that one step of one layer looks at.
            KeyValues working = Cache(Math.Max(local + global, 2), kept: true);
            _layers = [.. _decoder.Weights.Layers.Select(weights => new Layer(
                weights, Slice(weights.Qkv, _shape.QueryWidth, 2 * _shape.KvWidth), Cache(capacity, kept: false), Cache(_deviceTokens, kept: true), working))];
        }

        public Recorded<TTensor> Block(int number, Recorded<TTensor> x, int[] positions)
        {
            _net.BeginBlock();
            Layer layer = _layers[number];
            Recorded<TTensor> qkv = _decoder.Project(x, layer.Weights, positions);
            int before = layer.All.Length;
            Remember(layer, x);
            Append(layer, qkv);
            Place(layer, before);
            Recorded<TTensor> attended = before == 0 ? AttendPrompt(layer, qkv) : AttendSparsely(layer, qkv);
            return _decoder.Rest(x, attended, layer.Weights);
        }

        public void EndStep()
        {
            if (_chosen.Count > 0)
            {
                _session.Decide(GlobalDecision, [.. _chosen]);
                _chosen.Clear();
            }

            _drawn = null;
        }

        private int OnHost(int cached) => Math.Max(0, cached - _deviceTokens);

        private int Deleted(int cached) => cached < _recomputeFrom ? 0 : (int)(_recomputeShare * OnHost(cached));

        /// <summary>The layer's inputs stay on the device, for what is computed again.</summary>
        private void Remember(Layer layer, Recorded<TTensor> x)
        {
            if (_session.HasData)
            {
                layer.Inputs.AddRange(Enumerable.Range(0, x.Rows).Select(row => _net.Row(x, row).ToArray()));
            }
        }

        private void Append(Layer layer, Recorded<TTensor> qkv)
        {
            Recorded<TTensor> keysAndValues = _net.Columns(qkv, _shape.QueryWidth, 2 * _shape.KvWidth);
            if (_quantised)
            {
                _net.Pass(keysAndValues.Rows, keysAndValues.Columns, _net.ActivationType, OperatorRole.KvCompression);
                keysAndValues = Quantised(layer, keysAndValues);
            }

            _net.Append(keysAndValues, layer.All);
        }

        /// <summary>Rounded to whole steps of each channel, which the prompt decides; what later exceeds them is cut off.</summary>
        private Recorded<TTensor> Quantised(Layer layer, Recorded<TTensor> keysAndValues)
        {
            if (!_session.HasData)
            {
                return keysAndValues;
            }

            float[][] rows = [.. Enumerable.Range(0, keysAndValues.Rows).Select(row => _net.Row(keysAndValues, row).ToArray())];
            layer.Steps ??= [.. Enumerable.Range(0, keysAndValues.Columns).Select(column => Math.Max(rows.Max(row => Math.Abs(row[column])), 1e-6f) / sbyte.MaxValue)];
            return _net.Input(rows.Length, keysAndValues.Columns, [.. rows.SelectMany(row => row.Select(
                (value, column) => Math.Clamp(MathF.Round(value / layer.Steps[column]), -sbyte.MaxValue, sbyte.MaxValue) * layer.Steps[column]))]);
        }

        /// <summary>The oldest tokens that the device has no room for go to the host.</summary>
        private void Place(Layer layer, int before)
        {
            int cached = layer.All.Length;
            int leave = OnHost(cached) - OnHost(before);
            if (leave > 0)
            {
                HostCopy(leave);
            }

            int room = cached - OnHost(cached) - layer.Device.Length;
            if (room > 0)
            {
                layer.Device.Extend(room);
            }
        }

        /// <summary>A copy of keys and values, which the link counts in numbers of the activations' width.</summary>
        private void HostCopy(int tokens)
        {
            int numbers = 2 * _shape.KvWidth;
            _net.HostCopy(tokens * _sequences, _quantised ? (numbers + 1) / 2 : numbers);
        }

        private Recorded<TTensor> AttendPrompt(Layer layer, Recorded<TTensor> qkv)
        {
            Recorded<TTensor> attended = _net.AttendWithWeights(qkv, _shape.Heads, layer.All, AttentionPattern.Causal, out Recorded<TTensor> weights);
            if (_session.HasData)
            {
                layer.History.AddRange(Enumerable.Range(0, weights.Rows).Select(row => _net.Row(weights, row).ToArray()));
            }

            return attended;
        }

        private Recorded<TTensor> AttendSparsely(Layer layer, Recorded<TTensor> qkv)
        {
            int cached = layer.All.Length;
            (int local, int global) = Budget(cached, _ratio);
            int[] others = global > 0 ? Choose(layer, cached, local, global) : [];
            int deleted = Deleted(cached);
            int onHost = OnHost(cached);
            (int fetched, int recomputed) = Drawn(global, deleted, onHost, cached - local, others);
            if (fetched > 0)
            {
                HostCopy(fetched);
            }

            // On shapes any tokens serve.
            int[] again = _session.HasData ? [.. others.Where(token => token < deleted)] : [.. Enumerable.Range(0, recomputed)];
            int[] copied = [.. _session.HasData ? others.Where(token => token >= deleted) : Enumerable.Range(recomputed, global - recomputed), .. Enumerable.Range(cached - local, local)];
            layer.Working.Truncate(0);
            _net.CopyTokens(layer.All, copied, copied.Length, layer.Working);
            if (again.Length > 0)
            {
                Recompute(layer, again);
            }

            if (_quantised)
            {
                _net.Pass(layer.Working.Length * _sequences, 2 * _shape.KvWidth, _net.ActivationType, OperatorRole.KvCompression);
            }

            Recorded<TTensor> attended = _net.AttendWithWeights(qkv, _shape.Heads, layer.Working, AttentionPattern.All, out Recorded<TTensor> weights);
            if (_session.HasData)
            {
                float[] row = new float[cached];
                int[] places = [.. copied, .. again];
                for (int place = 0; place < places.Length; place++)
                {
                    row[places[place]] = _net.Row(weights, 0)[place];
                }

                layer.History.Add(row);
                _chosen.AddRange(others.Select(token => (long)token));
            }

            return attended;
        }

        /// <summary>Those tokens before the newest that the last steps, as many as there are newest ones, attended to most.</summary>
        private int[] Choose(Layer layer, int cached, int local, int global)
        {
            int steps = _session.HasData ? Math.Min(local, layer.History.Count) : local;
            float[] history = [];
            if (_session.HasData)
            {
                history = new float[steps * cached];
                for (int step = 0; step < steps; step++)
                {
                    layer.History[layer.History.Count - steps + step].CopyTo(history, step * cached);
                }
            }

            float[] ones = new float[steps * _sequences];
            Array.Fill(ones, 1);
            Recorded<TTensor> sums = _net.Mix(_net.Input(steps * _sequences, cached, history), ones, steps, OperatorRole.KvSelection);
            int[] chosen = new int[global * _sequences];
            _net.TopK(_net.Columns(sums, 0, cached - local), global, chosen, OperatorRole.KvSelection);
            return chosen[..global];
        }

        private (int Fetched, int Recomputed) Drawn(int global, int deleted, int onHost, int choices, int[] others)
        {
            if (_session.HasData)
            {
                return (others.Count(token => token >= deleted && token < onHost), others.Count(token => token < deleted));
            }

            // Drawn once a step, so that all layers are alike.
            if (_drawn is null)
            {
                int recomputed = deleted > 0 ? Draw(RecomputedDecision, (double)global * deleted / choices, global) : 0;
                int fetched = onHost > deleted ? Draw(FetchedDecision, (double)global * (onHost - deleted) / choices, global - recomputed) : 0;
                _drawn = (fetched, recomputed);
            }

            return _drawn.Value;
        }

        private int Draw(string decision, double mean, int most) => _session.Decide(decision, () => 0, draws => draws.Mean(decision, mean, 0, most));

        private void Recompute(Layer layer, int[] tokens)
        {
            float[] inputs = _session.HasData ? [.. tokens.SelectMany(token => layer.Inputs[token])] : [];
            Recorded<TTensor> x = _net.Norm(_net.Input(tokens.Length * _sequences, _shape.Hidden, inputs), layer.Weights.AttentionNorm);
            Recorded<TTensor> keysAndValues = _net.Linear(x, layer.KeysAndValues);
            if (_rotary is not null)
            {
                keysAndValues = _net.Rope(keysAndValues, _shape.KvHeads, 0, _rotary, tokens);
            }

            _net.Append(_quantised ? Quantised(layer, keysAndValues) : keysAndValues, layer.Working);
        }

        /// <summary>Some outputs of a layer's matrix.</summary>
        private static LinearLayer Slice(LinearLayer whole, int first, int count)
        {
            List<WeightSegment> segments = [];
            int row = 0;
            foreach (WeightSegment segment in whole.Matrix.Segments)
            {
                int skip = Math.Clamp(first - row, 0, segment.Rows);
                int take = Math.Clamp(first + count - row, 0, segment.Rows) - skip;
                if (take > 0)
                {
                    segments.Add(new WeightSegment(segment.Memory, segment.Offset + ((long)skip * whole.Matrix.RowBytes), take));
                }

                row += segment.Rows;
            }

            int groups = whole.Matrix.GroupSize > 0 ? whole.Matrix.Columns / whole.Matrix.GroupSize : 0;
            ReadOnlyMemory<float> scales = whole.Matrix.Scales.IsEmpty ? default : whole.Matrix.Scales.Slice(first * groups, count * groups);
            return whole with
            {
                Matrix = new WeightTensor(whole.Matrix.Type, count, whole.Matrix.Columns, segments, scales, whole.Matrix.GroupSize),
                Bias = whole.Bias?[first..(first + count)],
            };
        }

        /// <summary>One layer. All tokens are in one cache; what lies where is counted.</summary>
        private sealed record Layer(DecoderLayer Weights, LinearLayer KeysAndValues, KeyValues All, KeyValues Device, KeyValues Working)
        {
            public List<float[]> Inputs { get; } = [];

            public List<float[]> History { get; } = [];

            public float[]? Steps { get; set; }
        }
    }
}
