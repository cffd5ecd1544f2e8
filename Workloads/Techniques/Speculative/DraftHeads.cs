using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>
/// Medusa (Cai et al., arXiv 2401.10774) and Hydra (Ankner et al., arXiv 2402.05109): heads on the model's last features propose a tree, and one pass
/// of the model over the tree keeps what it agrees with. A Medusa head sees the features alone; a Hydra head also the embeddings of the tokens on the
/// way to its node. Settings: <c>treeChildren</c> children of each node, level by level; <c>sequential</c> 1 for Hydra's heads; <c>mlpLayers</c> layers
/// of a head's own network, of which all but the first share their weights; <c>prefixLayers</c> decoder layers over the accepted tokens before the heads
/// (Hydra++); <c>everyRow</c> 1 where the heads read each row of the pass, as Medusa's code does, and not the last that stands;
/// <c>acceptedTokens</c> mean drafts that stand in a round, where there is no data; <c>parentPasses</c> and <c>innerPasses</c> kernels for each node that
/// gets children, and for each whose children get some; <see cref="TreeVerification{TTensor}"/> has more.
/// </summary>
public sealed class DraftHeads : ITechnique
{
    private readonly TrainedHeads? _trained;

    /// <summary>Heads whose weights are drawn.</summary>
    public DraftHeads()
    {
    }

    /// <summary>Medusa heads from a file; the depth of the tree must be no more than there are.</summary>
    public DraftHeads(TrainedHeads trained) => _trained = trained;

    /// <inheritdoc/>
    public string Name => "draft-heads";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        TechniqueSettings settings = request.Settings;
        var tree = DraftTree.OfChildren(settings.Integers("treeChildren").AsSpan());
        double meanAccepted = settings.Number("acceptedTokens", 0, tree.Depth);
        TreeVerification<TTensor> model = new(session, request, tree.Parents.Length);
        Heads<TTensor> heads = new(session, tree, request, _trained);

        (int token, Recorded<TTensor> features) = model.Prefill(prompt.Span);
        Recorded<TTensor> read = heads.Read(features, features, 0);
        int last = (features.Rows / request.Sequences) - 1;
        yield return session.Commit(request.Sequences);
        int generated = 1;
        while (generated < request.GeneratedTokens)
        {
            session.Begin(Phase.Draft);
            int[] tokens = heads.Propose(read, last, token);
            if (session.HasData)
            {
                session.Decide(TreeVerification<TTensor>.DraftsDecision, [.. tokens.Select(drafted => (long)drafted)]);
            }

            yield return session.Commit(0);

            int position = model.Length;
            Verified<TTensor> verified = model.Verify(tree, tokens, meanAccepted, request.GeneratedTokens - generated - 1);
            read = heads.Read(verified.Features, verified.AllFeatures, position);
            last = verified.Path[^1];
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
        private readonly bool _everyRow;
        private readonly int _maskPasses;
        private readonly int _parentPasses;
        private readonly int _innerPasses;
        private readonly (LinearLayer[] Mlp, LinearLayer? Skip, LinearLayer Head)[] _heads;
        private readonly (DecoderLayer Layer, KeyValues Cache)[] _prefix;
        private readonly NormLayer? _prefixNorm;

        public Heads(EngineSession<TTensor> session, DraftTree tree, GenerationRequest request, TrainedHeads? trained)
        {
            TechniqueSettings settings = request.Settings;
            _net = session.Network;
            _decoder = session.Decoder;
            _tree = tree;
            _sequences = request.Sequences;
            _sequential = settings.Integer("sequential", 0, 1) == 1;
            _everyRow = settings.Integer("everyRow", 0, 1) == 1;
            _maskPasses = settings.Integer("maskPasses");
            _parentPasses = settings.Integer("parentPasses");
            _innerPasses = settings.Integer("innerPasses");
            if (_everyRow && _sequential)
            {
                throw new PimSimUserException("heads that see the tokens drafted before ('sequential') read one row, not every one ('everyRow')");
            }

            int layers = settings.Integer("mlpLayers", 1, 16);
            _heads = trained is null
                ? [.. Enumerable.Range(0, tree.Depth).Select(level => Declare(session.Parameters, level, layers))]
                : [.. trained.Layers.Take(tree.Depth).Select(layer => (new[] { layer }, (LinearLayer?)null, _decoder.Weights.Head))];
            if (_heads.Length < tree.Depth)
            {
                throw new PimSimUserException($"a tree of {tree.Depth} levels needs as many draft heads, not {_heads.Length}");
            }

            int capacity = checked(request.PromptTokens + request.GeneratedTokens + tree.Depth + 1);
            _prefix = [.. Enumerable.Range(0, settings.Integer("prefixLayers", 0, 16)).Select(_ =>
                (DecoderWeights.Declare(_decoder.Shape, session.Parameters), _decoder.CreateCache(request.Sequences, capacity)))];
            _prefixNorm = _prefix.Length == 0 ? null : session.Parameters.Norm(OperatorRole.FinalNorm, _decoder.Shape.Hidden, _decoder.Shape.Norm);
        }

        /// <summary>What the heads read: features of all rows or of the last that stands, after the prefix layers have read all that stand.</summary>
        public Recorded<TTensor> Read(Recorded<TTensor> standing, Recorded<TTensor> all, int position)
        {
            if (_everyRow)
            {
                return all;
            }

            Recorded<TTensor> features = standing;
            int[] positions = [.. Enumerable.Range(position, features.Rows / _sequences)];
            foreach ((DecoderLayer layer, KeyValues cache) in _prefix)
            {
                if (_maskPasses > 0)
                {
                    _net.Passes(_maskPasses, positions.Length, position + positions.Length);
                }

                features = _decoder.Layer(features, layer, positions, cache, AttentionPattern.Causal);
            }

            features = _prefixNorm is null ? features : _net.Norm(features, _prefixNorm);
            _net.BeginBlock();
            return _net.Hold(_net.LastRows(features, _sequences));
        }

        /// <summary>The tokens of the tree, level by level; those of the first sequence.</summary>
        /// <param name="read">By <see cref="Read"/>.</param>
        /// <param name="last">Of all rows of a sequence, the last that stands.</param>
        /// <param name="token">At node 0.</param>
        public int[] Propose(Recorded<TTensor> read, int last, int token)
        {
            int[] tokens = new int[_tree.Parents.Length];
            tokens[0] = token;
            int[] rows = [0];
            Recorded<TTensor> x = _sequential ? WithTokens(read, [0], rows, tokens) : read;
            for (int level = 0; level < _tree.Depth; level++)
            {
                _net.BeginBlock();
                Recorded<TTensor> logits = Apply(_heads[level], x);
                if (_everyRow)
                {
                    int each = logits.Rows / _sequences;
                    logits = _net.Rows(logits, [.. Enumerable.Range(0, _sequences).Select(sequence => (sequence * each) + last)], OperatorRole.DraftHead);
                }

                int choices = _tree.ChoicesAt(level + 1);
                int[] best = new int[logits.Rows * choices];
                _net.TopK(logits, choices, best, OperatorRole.DraftHead);
                foreach (int node in _tree.Level(level + 1))
                {
                    int row = _sequential ? Array.IndexOf(rows, _tree.Parents[node]) : 0;
                    tokens[node] = best[(row * choices) + _tree.Ranks[node]];
                }

                int[] inner = [.. _tree.Inner(level + 1)];
                int passes = (_parentPasses * rows.Length) + (_innerPasses * inner.Select(node => _tree.Parents[node]).Distinct().Count());
                if (_sequential && passes > 0)
                {
                    _net.Passes(passes, 1, _decoder.Shape.Hidden, OperatorRole.DraftInput);
                }

                if (_sequential && inner.Length > 0)
                {
                    x = WithTokens(x, [.. inner.Select(node => Array.IndexOf(rows, _tree.Parents[node]))], inner, tokens);
                    rows = inner;
                }
            }

            if (_everyRow)
            {
                // The logits of all heads are stacked, then copied for every way through the tree.
                _net.Passes(1, _tree.Depth * read.Rows, _decoder.Shape.Vocab, OperatorRole.DraftHead);
                _net.Passes(1, _tree.Depth * _tree.Leaves * (_tree.Depth + 1) * _sequences, _decoder.Shape.Vocab, OperatorRole.DraftHead);
            }

            return tokens;
        }

        private (LinearLayer[] Mlp, LinearLayer? Skip, LinearLayer Head) Declare(ParameterSet parameters, int level, int layers)
        {
            int width = _decoder.Shape.Hidden;
            int inputs = _sequential ? (level + 2) * width : width;
            LinearLayer first = parameters.Linear(OperatorRole.DraftHead, inputs, width, bias: true);
            LinearLayer[] deeper = layers > 1 ? [.. Enumerable.Repeat(parameters.Linear(OperatorRole.DraftHead, width, width, bias: true), layers - 1)] : [];
            return (
                [first, .. deeper],
                inputs == width ? null : parameters.Linear(OperatorRole.DraftHead, inputs, width, bias: true),
                parameters.Linear(OperatorRole.DraftHead, width, _decoder.Shape.Vocab, bias: _sequential));
        }

        /// <summary>Logits of a head: residual blocks, of which the first may change the width, then its output layer.</summary>
        private Recorded<TTensor> Apply((LinearLayer[] Mlp, LinearLayer? Skip, LinearLayer Head) head, Recorded<TTensor> x)
        {
            Recorded<TTensor> residual = head.Skip is null ? x : _net.Linear(x, head.Skip);
            foreach (LinearLayer layer in head.Mlp)
            {
                residual = _net.Add(residual, _net.Activate(_net.Linear(x, layer), ActivationKind.Silu, OperatorRole.DraftHead), OperatorRole.DraftHead);
                x = residual;
            }

            return _net.Linear(x, head.Head);
        }

        /// <summary>Some rows of each sequence beside the embeddings of the tokens at these nodes.</summary>
        private Recorded<TTensor> WithTokens(Recorded<TTensor> x, int[] rows, int[] nodes, int[] tokens)
        {
            int each = x.Rows / _sequences;
            int[] all = [.. Enumerable.Range(0, _sequences).SelectMany(sequence => rows.Select(row => (sequence * each) + row))];
            int[] ids = [.. Enumerable.Range(0, _sequences).SelectMany(_ => nodes.Select(node => tokens[node]))];
            return _net.Join(_net.Rows(x, all, OperatorRole.DraftInput), _net.Embed(_decoder.Weights.Tokens, ids, OperatorRole.DraftInput), OperatorRole.DraftInput);
        }
    }
}
