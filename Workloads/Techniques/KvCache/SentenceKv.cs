using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// SentenceKV (Zhu et al., COLM 2025, arXiv 2504.00970): each head keeps the important tokens of the prompt in buckets, one for each sentence, with the
/// mean of a bucket's keys beside it. A step ranks the buckets by the mean query of the sentence that is being written and attends to the tokens of the
/// best ones, up to the budget, and to that sentence. Settings: <c>budget</c>; <c>keptRatio</c> tokens kept, in budgets; <c>window</c> first and last
/// tokens of the prompt that are always kept and looked at; <c>pool</c>; <c>sentenceEnds</c> token ids that end a sentence; <c>sentenceTokens</c> its mean
/// length, where there is no data; <c>offload</c> 1 where kept tokens lie on the host, as in the paper, 0 as in its published code; <c>copies</c> as of
/// <see cref="FullKv"/>.
/// </summary>
public sealed class SentenceKv : ITechnique
{
    /// <summary>Name of the decision on data: tokens of the cache that a step has read in each head, those of its own sentence included.</summary>
    public const string ReadDecision = "read";

    /// <inheritdoc/>
    public string Name => "sentence-kv";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        LayeredDecoding.RequireOneSequence(session, request, "SentenceKV");
        Cache<TTensor> cache = new(session, request, prompt);
        return LayeredDecoding.Run(session, request, prompt, cache.Block, cache.EndStep);
    }

    private sealed class Cache<TTensor>
        where TTensor : ITensor
    {
        private readonly EngineSession<TTensor> _session;
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Decoder<Recorded<TTensor>> _decoder;
        private readonly ModelShape _shape;
        private readonly int _sequences;
        private readonly int _budget;
        private readonly int _kept;
        private readonly bool _offload;
        private readonly bool _copies;
        private readonly int _sentenceTokens;
        private readonly HashSet<int> _ends;
        private readonly PromptImportance _importance;
        private readonly int[] _promptBuckets;
        private readonly KeyValues _whole;
        private readonly KeyValues _working;
        private readonly Layer[] _layers;
        private int _buckets;
        private int _read;

        public Cache(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        {
            TechniqueSettings settings = request.Settings;
            _session = session;
            _net = session.Network;
            _decoder = session.Decoder;
            _shape = _decoder.Shape;
            _sequences = request.Sequences;
            _budget = settings.Integer("budget", 1);
            _kept = (int)Math.Min(request.PromptTokens, settings.Number("keptRatio", 1, 1000) * _budget);
            _offload = settings.Integer("offload", 0, 1) == 1;
            _copies = settings.Integer("copies", 0, 1) == 1;
            _sentenceTokens = settings.Integer("sentenceTokens", 1);
            _ends = [.. settings.Integers("sentenceEnds")];
            int window = settings.Integer("window", 1);
            _importance = new PromptImportance(window, settings.Integer("pool", 1), window);
            _promptBuckets = BucketsOf(prompt.Span[..request.PromptTokens]);
            _buckets = _promptBuckets[^1] + 1;
            int capacity = _kept + request.GeneratedTokens;
            KeyValues Create(int tokens) => LayeredDecoding.CreateCache(session, request.Sequences, tokens);
            _whole = Create(request.PromptTokens);
            _working = Create(Math.Min(_budget, capacity));
            _layers = [.. Enumerable.Range(0, _shape.Layers).Select(_ => new Layer(
                Create(capacity), Create(request.GeneratedTokens), Create(_buckets + request.GeneratedTokens), _shape.KvHeads))];
            foreach (Layer layer in _layers)
            {
                layer.Kept.IsKept = !_offload;
            }
        }

        public Recorded<TTensor> Block(int number, Recorded<TTensor> x, int[] positions)
        {
            _net.BeginBlock();
            Layer layer = _layers[number];
            DecoderLayer weights = _decoder.Weights.Layers[number];
            Recorded<TTensor> qkv = _decoder.Project(x, weights, positions);
            return _decoder.Rest(x, layer.Kept.Length == 0 ? Prompt(layer, qkv) : Next(layer, qkv), weights);
        }

        public void EndStep(ReadOnlyMemory<int> read)
        {
            if (_read > 0 && _session.HasData)
            {
                _session.Decide(ReadDecision, _read);
            }

            bool isPrompt = _read == 0 && _layers[0].Recent.Length == 0;
            _read = 0;
            bool ends = !isPrompt && (_session.HasData ? _ends.Contains(read.Span[^1]) : _layers[0].Recent.Length >= _sentenceTokens);
            if (!ends)
            {
                return;
            }

            foreach (Layer layer in _layers)
            {
                _net.BeginBlock();
                EndSentence(layer);
            }

            _buckets++;
        }

        /// <summary>The bucket of each token of a prompt: a sentence ends behind its mark.</summary>
        private int[] BucketsOf(ReadOnlySpan<int> prompt)
        {
            int[] buckets = new int[prompt.Length];
            for (int token = 1; token < prompt.Length; token++)
            {
                bool begins = _session.HasData ? _ends.Contains(prompt[token - 1]) : token % _sentenceTokens == 0;
                buckets[token] = buckets[token - 1] + (begins ? 1 : 0);
            }

            return buckets;
        }

        private Recorded<TTensor> Prompt(Layer layer, Recorded<TTensor> qkv)
        {
            _whole.Truncate(0);
            _decoder.Append(qkv, _whole);
            Recorded<TTensor> attended = _net.Attend(qkv, _shape.Heads, _whole, AttentionPattern.Causal);
            int[] places = _importance.Choose(_net, qkv, _shape.Heads, _whole, _kept);
            _net.CopyTokens(_whole, places, _kept, layer.Kept);
            if (_offload)
            {
                _net.HostCopy(_kept * _sequences, 2 * _shape.KvWidth);
            }

            if (_session.HasData)
            {
                for (int head = 0; head < _shape.KvHeads; head++)
                {
                    for (int place = 0; place < _kept; place++)
                    {
                        int token = places[(head * _kept) + place];
                        bool always = token < _importance.First || token >= _promptBuckets.Length - _importance.Window;
                        layer.Heads[head].Add((place, _promptBuckets[token], always));
                    }
                }
            }

            _net.Append(Means(layer, qkv, places), layer.Means);
            return attended;
        }

        /// <summary>The mean key of the kept tokens of each bucket and head, as keys whose values nobody reads.</summary>
        private Recorded<TTensor> Means(Layer layer, Recorded<TTensor> qkv, int[] places)
        {
            _net.Pass(_kept * _sequences, _shape.KvWidth, _net.ActivationType, OperatorRole.KvSelection);
            float[] means = [];
            if (_session.HasData)
            {
                int width = _shape.HeadDim;
                means = new float[_buckets * 2 * _shape.KvWidth];
                for (int head = 0; head < _shape.KvHeads; head++)
                {
                    foreach (var bucket in layer.Heads[head].GroupBy(kept => kept.Bucket))
                    {
                        foreach ((int place, _, _) in bucket)
                        {
                            ReadOnlySpan<float> key = _net.Row(qkv, places[(head * _kept) + place]).Slice(_shape.QueryWidth + (head * width), width);
                            for (int channel = 0; channel < width; channel++)
                            {
                                means[(bucket.Key * 2 * _shape.KvWidth) + (head * width) + channel] += key[channel] / bucket.Count();
                            }
                        }
                    }
                }
            }

            return _net.Input(_buckets * _sequences, 2 * _shape.KvWidth, means);
        }

        private Recorded<TTensor> Next(Layer layer, Recorded<TTensor> qkv)
        {
            _decoder.Append(qkv, layer.Recent);
            if (_session.HasData)
            {
                layer.Queries.Add(_net.Row(qkv, 0)[.._shape.QueryWidth].ToArray());
                layer.Keys.Add(_net.Row(qkv, 0).Slice(_shape.QueryWidth, _shape.KvWidth).ToArray());
            }

            int written = layer.Recent.Length;
            float[] weights = new float[written * _sequences];
            Array.Fill(weights, 1f / written);
            float[] queries = _session.HasData ? [.. layer.Queries.SelectMany(query => query)] : [];
            Recorded<TTensor> mean = _net.Mix(_net.Input(written * _sequences, _shape.QueryWidth, queries), weights, written, OperatorRole.KvSelection);
            Recorded<TTensor> scores = _net.Scores(mean, _shape.Heads, layer.Means, AttentionPattern.All);
            int streams = _sequences * _shape.KvHeads;
            int[] order = new int[streams * _buckets];
            _net.TopK(scores, _buckets, order, OperatorRole.KvSelection);

            int count = Math.Min(_budget, layer.Kept.Length);
            int[] places = new int[streams * count];
            for (int stream = 0; stream < streams; stream++)
            {
                int[] own = _session.HasData ? Best(layer.Heads[stream], order.AsSpan(stream * _buckets, _buckets), count) : [.. Enumerable.Range(0, count)];
                own.CopyTo(places, stream * count);
            }

            _working.Truncate(0);
            _net.CopyTokens(layer.Kept, places, count, _working);
            if (_offload)
            {
                _net.HostCopy(count * _sequences, 2 * _shape.KvWidth);
            }

            if (_copies)
            {
                _net.Pass((layer.Kept.Length + written) * _sequences, 2 * _shape.KvWidth, _shape.KvType, OperatorRole.KvAppend);
            }

            _read = count + written;
            return _net.AttendParts(qkv, _shape.Heads, [_working, layer.Recent], AttentionPattern.Causal);
        }

        /// <summary>Tokens that are always looked at, then those of the best buckets, as many as there is room for.</summary>
        private static int[] Best(List<(int Place, int Bucket, bool Always)> kept, ReadOnlySpan<int> order, int count)
        {
            int[] ranks = new int[order.Length];
            for (int rank = 0; rank < order.Length; rank++)
            {
                ranks[order[rank]] = rank;
            }

            return [.. kept.OrderBy(token => token.Always ? -1 : ranks[token.Bucket]).ThenBy(token => token.Place).Take(count).Select(token => token.Place).Order()];
        }

        /// <summary>The sentence that was written becomes a bucket.</summary>
        private void EndSentence(Layer layer)
        {
            int written = layer.Recent.Length;
            int first = layer.Kept.Length;
            _net.CopyTokens(layer.Recent, [.. Enumerable.Range(0, written)], written, layer.Kept);
            if (_offload)
            {
                _net.HostCopy(written * _sequences, 2 * _shape.KvWidth);
            }

            float[] mean = [];
            if (_session.HasData)
            {
                mean = new float[2 * _shape.KvWidth];
                for (int channel = 0; channel < _shape.KvWidth; channel++)
                {
                    mean[channel] = layer.Keys.Average(key => key[channel]);
                }

                foreach (List<(int Place, int Bucket, bool Always)> head in layer.Heads)
                {
                    head.AddRange(Enumerable.Range(first, written).Select(place => (place, _buckets, false)));
                }
            }

            _net.Append(_net.Input(_sequences, 2 * _shape.KvWidth, mean), layer.Means);
            layer.Recent.Truncate(0);
            layer.Queries.Clear();
            layer.Keys.Clear();
        }

        /// <summary>Kept tokens, those of the sentence that is written, mean keys; and for each head the bucket of every kept token.</summary>
        private sealed record Layer(KeyValues Kept, KeyValues Recent, KeyValues Means, int KvHeads)
        {
            public List<(int Place, int Bucket, bool Always)>[] Heads { get; } = [.. Enumerable.Range(0, KvHeads).Select(_ => new List<(int, int, bool)>())];

            public List<float[]> Queries { get; } = [];

            public List<float[]> Keys { get; } = [];
        }
    }
}
