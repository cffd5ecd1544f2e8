using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>
/// Medusa (Cai et al., arXiv 2401.10774) and Hydra (Ankner et al., arXiv 2402.05109): heads on the model's last features propose a tree, and one pass
/// of the model over the tree keeps what it agrees with. A Medusa head sees the features alone; a Hydra head also the embeddings of the tokens on the
/// way to its node. Settings: <c>treeWidths</c> nodes a level; <c>sequential</c> 1 for Hydra's heads; <c>mlpLayers</c> layers of a head's own
/// network; <c>prefixLayers</c> decoder layers over the accepted tokens before the heads (Hydra++); <c>acceptedTokens</c> mean drafts that stand in a
/// round, where there is no data.
/// </summary>
public sealed class DraftHeads : ITechnique
{
    /// <inheritdoc/>
    public string Name => "draft-heads";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        TechniqueSettings settings = request.Settings;
        var tree = DraftTree.OfWidths(settings.Integers("treeWidths", 1).AsSpan());
        double meanAccepted = settings.Number("acceptedTokens", 0, tree.Depth);
        TreeVerification<TTensor> model = new(session, request, tree.Parents.Length);
        Heads<TTensor> heads = new(session, tree, settings, request);

        (int token, Recorded<TTensor> features) = model.Prefill(prompt.Span);
        features = heads.Read(features, 0);
        yield return session.Commit(request.Sequences);
        int generated = 1;
        while (generated < request.GeneratedTokens)
        {
            session.Begin(Phase.Draft);
            int[] tokens = heads.Propose(features, token);
            yield return session.Commit(0);

            int position = model.Length;
            Verified<TTensor> verified = model.Verify(tree, tokens, meanAccepted, request.GeneratedTokens - generated - 1);
            features = heads.Read(verified.Features, position);
            token = verified.Tokens[^1];
            generated += verified.Tokens.Length;
            yield return session.Commit(verified.Tokens.Length * request.Sequences);
        }
    }

    private sealed class Heads<TTensor>
        where TTensor : ITensor
    {
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Decoder<Recorded<TTensor>> _decoder;
        private readonly DraftTree _tree;
        private readonly int _sequences;
        private readonly bool _sequential;
        private readonly (LinearLayer[] Mlp, LinearLayer? Skip, LinearLayer Head)[] _heads;
        private readonly (DecoderLayer Layer, KeyValues Cache)[] _prefix;

        public Heads(EngineSession<TTensor> session, DraftTree tree, TechniqueSettings settings, GenerationRequest request)
        {
            _net = session.Network;
            _decoder = session.Decoder;
            _tree = tree;
            _sequences = request.Sequences;
            _sequential = settings.Integer("sequential", 0, 1) == 1;
            int width = _decoder.Shape.Hidden;
            int layers = settings.Integer("mlpLayers", 1, 16);
            ParameterSet parameters = session.Parameters;
            _heads = new (LinearLayer[], LinearLayer?, LinearLayer)[tree.Depth];
            for (int level = 0; level < tree.Depth; level++)
            {
                int inputs = _sequential ? (level + 2) * width : width;
                _heads[level] = (
                    [.. Enumerable.Range(0, layers).Select(layer => parameters.Linear(OperatorRole.DraftHead, layer == 0 ? inputs : width, width, bias: true))],
                    inputs == width ? null : parameters.Linear(OperatorRole.DraftHead, inputs, width, bias: true),
                    parameters.Linear(OperatorRole.DraftHead, width, _decoder.Shape.Vocab));
            }

            int capacity = checked(request.PromptTokens + request.GeneratedTokens + tree.Depth + 1);
            _prefix = [.. Enumerable.Range(0, settings.Integer("prefixLayers", 0, 16)).Select(_ =>
                (DecoderWeights.Declare(_decoder.Shape, parameters), _decoder.CreateCache(request.Sequences, capacity)))];
        }

        /// <summary>What the heads read: the last normalised features of each sequence, after the prefix layers have read all that stand.</summary>
        public Recorded<TTensor> Read(Recorded<TTensor> features, int position)
        {
            int[] positions = [.. Enumerable.Range(position, features.Rows / _sequences)];
            foreach ((DecoderLayer layer, KeyValues cache) in _prefix)
            {
                features = _decoder.Layer(features, layer, positions, cache, AttentionPattern.Causal);
            }

            _net.BeginBlock();
            return _net.Hold(_net.Norm(_net.LastRows(features, _sequences), _decoder.Weights.FinalNorm));
        }

        /// <summary>The tokens of the tree, level by level; those of the first sequence.</summary>
        public int[] Propose(Recorded<TTensor> features, int token)
        {
            int[] tokens = new int[_tree.Parents.Length];
            tokens[0] = token;
            for (int level = 0; level < _tree.Depth; level++)
            {
                _net.BeginBlock();
                int[] inner = [.. _tree.Inner(level)];
                int rows = _sequential ? inner.Length : 1;
                (LinearLayer[] mlp, LinearLayer? skip, LinearLayer head) = _heads[level];
                Recorded<TTensor> x = _sequential ? WithPath(features, inner, level, tokens) : features;
                Recorded<TTensor> residual = skip is null ? x : _net.Linear(x, skip);
                foreach (LinearLayer layer in mlp)
                {
                    residual = _net.Add(residual, _net.Activate(_net.Linear(x, layer), ActivationKind.Silu, OperatorRole.DraftHead), OperatorRole.DraftHead);
                    x = residual;
                }

                int choices = _tree.Level(level + 1).Max(node => _tree.Ranks[node]) + 1;
                int[] best = new int[_sequences * rows * choices];
                _net.TopK(_net.Linear(x, head), choices, best, OperatorRole.DraftHead);
                foreach (int node in _tree.Level(level + 1))
                {
                    int row = _sequential ? Array.IndexOf(inner, _tree.Parents[node]) : 0;
                    tokens[node] = best[(row * choices) + _tree.Ranks[node]];
                }
            }

            return tokens;
        }

        /// <summary>The features beside the embeddings of the tokens from node 0 to each of these nodes.</summary>
        private Recorded<TTensor> WithPath(Recorded<TTensor> features, int[] nodes, int level, int[] tokens)
        {
            int[] copies = [.. Enumerable.Range(0, _sequences).SelectMany(sequence => Enumerable.Repeat(sequence, nodes.Length))];
            Recorded<TTensor> x = _net.Rows(features, copies, OperatorRole.DraftInput);
            for (int back = level; back >= 0; back--)
            {
                int[] ancestors = [.. nodes.Select(node => Enumerable.Range(0, back).Aggregate(node, (at, _) => _tree.Parents[at]))];
                int[] ids = [.. Enumerable.Range(0, _sequences).SelectMany(_ => ancestors.Select(node => tokens[node]))];
                x = _net.Join(x, _net.Embed(_decoder.Weights.Tokens, ids, OperatorRole.DraftInput), OperatorRole.DraftInput);
            }

            return x;
        }
    }
}
