using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>
/// M3ID (Favero et al., arXiv 2403.14003): a model that sees an image is held against itself without the image, the more the longer the answer gets,
/// so that it does not forget what it saw. Each token takes two forwards with caches of their own; where the model with the image is unsure (its best
/// probability is less than alpha), token t is the best of l_c + (1 - g)/g (l_c - l_u), g = exp(-lambda t). Settings: <c>imageTokens</c> before the
/// prompt, those of <see cref="VisionTower{TTensor}"/>, <c>contrast</c> 0 for plain decoding, <c>batched</c> 1 for both forwards in one pass,
/// <c>lambda</c>, <c>alpha</c>, <c>corrected</c> share of corrected tokens where there is no data.
/// </summary>
public sealed class ImageContrast : ITechnique
{
    /// <summary>Name of the decision: for each sequence 1 if its token was corrected.</summary>
    public const string CorrectedDecision = "corrected";

    /// <inheritdoc/>
    public string Name => "image-contrast";

    /// <summary>Weight of l_c - l_u for token <paramref name="token"/>, counted from 1.</summary>
    public static double WeightOf(double lambda, int token)
    {
        double share = Math.Exp(-lambda * token);
        return (1 - share) / share;
    }

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        TechniqueSettings settings = request.Settings;
        int image = settings.Integer("imageTokens", 1);
        bool contrast = settings.Integer("contrast", 0, 1) == 1;
        bool batched = settings.Integer("batched", 0, 1) == 1;
        int sequences = request.Sequences;
        int length = checked(request.PromptTokens + request.GeneratedTokens - 1);
        Branch<TTensor> seeing = new(session, sequences, checked(image + length));
        Branch<TTensor> blind = new(session, contrast ? sequences : 1, contrast ? length : 1);
        VisionTower<TTensor> tower = new(session, settings, sequences, image);
        Choice<TTensor> choice = new(session, settings, sequences);

        session.Begin(Phase.Encode);
        Recorded<TTensor> picture = session.Network.Hold(tower.Read());
        yield return session.Commit(0);

        int[] tokens = prompt.ToArray();
        for (int generated = 0; generated < request.GeneratedTokens; generated++)
        {
            Phase phase = generated == 0 ? Phase.Prefill : Phase.Decode;
            session.Begin(phase);
            Recorded<TTensor> conditioned;
            if (generated == 0)
            {
                // The image stands before the prompt. That it is read first, and not with it in one pass, changes no number.
                seeing.Forward(picture);
            }

            if (contrast && batched && generated > 0)
            {
                (conditioned, Recorded<TTensor> both) = Branch<TTensor>.Together(seeing, blind, tokens);
                choice.Take(conditioned, both, generated + 1, tokens);
                yield return session.Commit(sequences);
                continue;
            }

            conditioned = seeing.Logits(seeing.Forward(seeing.Embed(tokens)));
            if (contrast)
            {
                conditioned = session.Network.Hold(conditioned);
                yield return session.Commit(0);

                session.Begin(phase);
                Recorded<TTensor> unconditioned = blind.Logits(blind.Forward(blind.Embed(tokens)));
                tokens = tokens[..sequences];
                choice.Take(conditioned, unconditioned, generated + 1, tokens);
            }
            else
            {
                tokens = tokens[..sequences];
                session.Sample(conditioned, tokens);
            }

            yield return session.Commit(sequences);
        }
    }

    /// <summary>One of the two texts: with the image or without.</summary>
    private sealed class Branch<TTensor>(EngineSession<TTensor> session, int sequences, int capacity)
        where TTensor : ITensor
    {
        private readonly Decoder<Recorded<TTensor>> _decoder = session.Decoder;
        private readonly KeyValues[] _caches = session.Decoder.CreateCaches(sequences, capacity);

        private int Length => _caches[0].Length;

        public Recorded<TTensor> Embed(int[] tokens) => _decoder.Embed(tokens, Positions(tokens.Length / sequences));

        public Recorded<TTensor> Forward(Recorded<TTensor> x)
        {
            int[] positions = Positions(x.Rows / sequences);
            for (int layer = 0; layer < _caches.Length; layer++)
            {
                x = _decoder.Layer(x, layer, positions, _caches[layer], AttentionPattern.Causal);
            }

            return x;
        }

        public Recorded<TTensor> Logits(Recorded<TTensor> features) => _decoder.LastHead(features, sequences);

        /// <summary>A token of both texts in one pass, in turns: all products read their weights once; each attends to its own cache. Logits of both.</summary>
        public static (Recorded<TTensor> Seeing, Recorded<TTensor> Blind) Together(Branch<TTensor> seeing, Branch<TTensor> blind, int[] tokens)
        {
            INetworkBackend<Recorded<TTensor>> net = seeing.Network;
            Decoder<Recorded<TTensor>> decoder = seeing._decoder;
            int sequences = tokens.Length;
            int seen = seeing.Length;
            int unseen = blind.Length;
            Recorded<TTensor> x = net.Join(decoder.Embed(tokens, [seen]), decoder.Embed(tokens, [unseen]), OperatorRole.Embedding);
            x = net.Reshape(x, 2 * sequences);
            Rotary? rotary = Rotary.Of(decoder.Shape, decoder.Weights.Numerics);
            for (int number = 0; number < seeing._caches.Length; number++)
            {
                DecoderLayer layer = decoder.Weights.Layers[number];
                net.BeginBlock();
                Recorded<TTensor> all = net.Reshape(net.Linear(net.Norm(x, layer.AttentionNorm), layer.Qkv), sequences);
                Recorded<TTensor> Attended(KeyValues cache, int first, int position)
                {
                    Recorded<TTensor> qkv = net.Columns(all, first, layer.Qkv.Outputs);
                    qkv = rotary is null ? qkv : net.Rope(qkv, decoder.Shape.Heads, decoder.Shape.KvHeads, rotary, [position]);
                    decoder.Append(qkv, cache);
                    return net.Attend(qkv, decoder.Shape.Heads, cache, AttentionPattern.Causal);
                }

                Recorded<TTensor> own = Attended(seeing._caches[number], 0, seen);
                Recorded<TTensor> other = Attended(blind._caches[number], layer.Qkv.Outputs, unseen);
                x = decoder.Rest(x, net.Reshape(net.Join(own, other, OperatorRole.Attention), 2 * sequences), layer);
            }

            Recorded<TTensor> logits = net.Reshape(decoder.Head(x), sequences);
            return (net.Columns(logits, 0, decoder.Shape.Vocab), net.Columns(logits, decoder.Shape.Vocab, decoder.Shape.Vocab));
        }

        private INetworkBackend<Recorded<TTensor>> Network => session.Network;

        private int[] Positions(int count) => [.. Enumerable.Range(Length, count)];
    }

    /// <summary>The next token from both logits.</summary>
    private sealed class Choice<TTensor>(EngineSession<TTensor> session, TechniqueSettings settings, int sequences)
        where TTensor : ITensor
    {
        private readonly double _lambda = settings.Number("lambda", 0, 1);
        private readonly double _alpha = settings.Number("alpha", 0, 1);
        private readonly double _share = settings.Number("corrected", 0, 1);

        public void Take(Recorded<TTensor> conditioned, Recorded<TTensor> unconditioned, int token, int[] tokens)
        {
            INetworkBackend<Recorded<TTensor>> net = session.Network;
            int[] best = new int[sequences];
            Recorded<TTensor> top = net.TopK(net.Softmax(conditioned, OperatorRole.Mixing), 1, best, OperatorRole.Mixing);
            long[] corrected = [.. Enumerable.Range(0, sequences).Select(row => session.HasData
                ? net.Row(top, row)[0] < _alpha ? 1L : 0
                : session.Draws.Mean(CorrectedDecision, _share, 0, 1))];
            session.Decide(CorrectedDecision, corrected);

            // What is added to all logits of a row (the sum of their exponentials) changes no choice: logits stand for log-probabilities.
            double weight = WeightOf(_lambda, token);
            float[] ofSeeing = [.. corrected.Select(gate => (float)(1 + (gate * weight)))];
            float[] ofBlind = [.. corrected.Select(gate => (float)(-gate * weight))];
            session.Sample(net.Add(net.Mix(conditioned, ofSeeing, 1), net.Mix(unconditioned, ofBlind, 1), OperatorRole.Mixing), tokens);
        }
    }
}
