using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>
/// Falcon (Gao et al., arXiv 2412.12639): a semi-autoregressive draft network (an LSTM of two layers, then a decoder layer in which the k tokens of a
/// block see each other) drafts k levels of a tree in each pass, and one pass of the model over the tree keeps what it agrees with. Settings:
/// <c>block</c> k; <c>lstmLayers</c>; <c>treeChildren</c> children of each node, level by level; <c>acceptedTokens</c> mean drafts that stand in a
/// round, where there is no data; <c>levelPasses</c> kernels of a pass, <c>parentPasses</c> for each block that is continued;
/// <see cref="TreeVerification{TTensor}"/> has more.
/// </summary>
public sealed class FalconDrafts : ITechnique
{
    /// <inheritdoc/>
    public string Name => "falcon";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        Tree<TTensor> drafts = new(session, request);
        TreeVerification<TTensor> model = new(session, request, drafts.Shape.Parents.Length);
        double meanAccepted = request.Settings.Number("acceptedTokens", 0, drafts.Shape.Depth);

        (int token, Recorded<TTensor> features) = model.Prefill(prompt.Span);
        int[] following = [.. prompt.Span[1..request.PromptTokens], token];
        yield return session.Commit(request.Sequences);
        int generated = 1;
        while (generated < request.GeneratedTokens)
        {
            session.Begin(Phase.Draft);
            int[] tokens = drafts.Propose(features, following);
            if (session.HasData)
            {
                session.Decide(TreeVerification<TTensor>.DraftsDecision, [.. tokens.Select(drafted => (long)drafted)]);
            }

            yield return session.Commit(0);

            Verified<TTensor> verified = model.Verify(drafts.Shape, tokens, meanAccepted, request.GeneratedTokens - generated - 1);
            features = verified.Features;
            following = [.. verified.Tokens];
            generated += verified.Tokens.Length;
            yield return session.Commit(verified.Tokens.Length * request.Sequences);
        }
    }

    private sealed class Tree<TTensor>
        where TTensor : ITensor
    {
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly FeatureDrafter<TTensor> _drafter;
        private readonly int _sequences;
        private readonly int _block;
        private readonly int _levelPasses;
        private readonly int _parentPasses;

        // The last pairs of features and tokens that were read, for a round in which fewer than a block of them stand.
        private readonly Queue<(float[] Features, int Token)> _read = new();

        public Tree(EngineSession<TTensor> session, GenerationRequest request)
        {
            TechniqueSettings settings = request.Settings;
            _net = session.Network;
            _sequences = request.Sequences;
            Shape = DraftTree.OfChildren(settings.Integers("treeChildren").AsSpan());
            _block = settings.Integer("block", 1, 16);
            _levelPasses = settings.Integer("levelPasses");
            _parentPasses = settings.Integer("parentPasses");
            if (request.PromptTokens < _block)
            {
                throw new PimSimUserException($"technique '{settings.Technique}': a prompt of {request.PromptTokens} tokens is less than a block of {_block}");
            }

            int drafted = Enumerable.Range(1, Shape.Depth).Where(level => level % _block == 0).Sum(level => _block * Shape.Inner(level).Length);
            _drafter = new(session, request, settings.Integer("lstmLayers", 1, 8), checked(request.PromptTokens + request.GeneratedTokens + drafted));
        }

        /// <summary>The tree.</summary>
        public DraftTree Shape { get; }

        /// <summary>Tokens of the tree after these features.</summary>
        public int[] Propose(Recorded<TTensor> features, int[] following)
        {
            int again = Math.Max(0, _block - following.Length);
            if (again > 0)
            {
                (features, following) = WithRead(features, following, again);
                _drafter.Cache.Truncate(_drafter.Cache.Length - again);
            }

            Remember(features, following);
            int known = _drafter.Cache.Length;
            int rows = following.Length;
            Recorded<TTensor> output = _drafter.Forward(
                features,
                following,
                [.. Enumerable.Range(known, rows)],
                AttentionPattern.Masked((query, place) => place < known + (((query / _block) + 1) * _block)));
            int stable = _drafter.Cache.Length;
            output = _net.Hold(_drafter.Rows(output, [.. Enumerable.Range(rows - _block, _block)]));

            int[] tokens = new int[Shape.Parents.Length];
            tokens[0] = following[^1];

            // Each block is known by the node it ends in; it drafts the levels from there on.
            int[] ends = [0];
            List<int> cached = [];
            for (int level = 0; ; level += _block)
            {
                Draft(output, ends, level, tokens);
                int[] next = [.. Shape.Inner(level + _block)];
                if (next.Length == 0)
                {
                    break;
                }

                if (_levelPasses + _parentPasses > 0)
                {
                    _net.Passes(_levelPasses + (_parentPasses * next.Length), next.Length, _block, OperatorRole.DraftHead);
                }

                int[] from = [.. next.Select(node => Array.IndexOf(ends, Up(node, _block))).SelectMany(block => Enumerable.Range(block * _block, _block))];
                Recorded<TTensor> read = _drafter.Rows(output, from);
                cached.AddRange(next);
                int[] places = [.. cached];
                int first = places.Length - next.Length;
                var pattern = AttentionPattern.Masked((query, place) => place < stable || Shape.IsOnWay(places[first + (query / _block)], places[(place - stable) / _block]));
                int[] path = [.. next.SelectMany(node => Enumerable.Range(0, _block).Select(row => tokens[Up(node, _block - 1 - row)]))];
                int[] positions = [.. next.SelectMany(_ => Enumerable.Range(stable + level, _block))];
                output = _drafter.Forward(read, path, positions, pattern);
                ends = next;
            }

            _drafter.Cache.Truncate(stable);
            return tokens;
        }

        /// <summary>Tokens of the next levels: row r of a block says what follows r levels below its end.</summary>
        private void Draft(Recorded<TTensor> output, int[] ends, int level, int[] tokens)
        {
            int deepest = Math.Min(Shape.Depth, level + _block);
            int choices = Enumerable.Range(level + 1, deepest - level).Max(Shape.ChoicesAt);
            int[] best = new int[output.Rows * choices];
            _drafter.Likeliest(output, choices, best);
            for (int at = level + 1; at <= deepest; at++)
            {
                foreach (int node in Shape.Level(at))
                {
                    int block = Array.IndexOf(ends, Up(node, at - level));
                    tokens[node] = best[(((block * _block) + at - level - 1) * choices) + Shape.Ranks[node]];
                }
            }
        }

        private int Up(int node, int levels)
        {
            for (; levels > 0; levels--)
            {
                node = Shape.Parents[node];
            }

            return node;
        }

        private void Remember(Recorded<TTensor> features, int[] following)
        {
            for (int row = following.Length - _block; row < following.Length; row++)
            {
                _read.Enqueue((_net.HasData ? _net.Row(features, row).ToArray() : [], following[row]));
            }

            while (_read.Count > _block)
            {
                _read.Dequeue();
            }
        }

        private (Recorded<TTensor> Features, int[] Following) WithRead(Recorded<TTensor> features, int[] following, int again)
        {
            (float[] Features, int Token)[] earlier = [.. _read.TakeLast(again)];
            List<float> values = [.. earlier.SelectMany(pair => pair.Features)];
            for (int row = 0; _net.HasData && row < following.Length; row++)
            {
                values.AddRange(_net.Row(features, row));
            }

            int[] all = [.. earlier.Select(pair => pair.Token), .. following];
            return (_net.Input(all.Length * _sequences, features.Columns, [.. values]), all);
        }
    }
}
