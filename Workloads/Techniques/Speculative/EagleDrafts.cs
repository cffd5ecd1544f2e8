using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>
/// EAGLE (Li et al., arXiv 2401.15077), EAGLE-2 (arXiv 2406.16858) and SpecVLM (Huang et al., arXiv 2509.11815): a decoder layer continues the
/// model's features, level by level of a tree of tokens, and one pass of the model over the tree keeps what it agrees with. The tree is fixed
/// (<c>treeChildren</c>, with <c>topK</c> 0), or made of the likeliest <c>totalTokens</c> of <c>levels</c> levels on which the likeliest <c>topK</c>
/// nodes go on. Settings beside: <c>visualTokens</c> at the start of the prompt, of which the draft network sees the mean of each <c>pool</c>;
/// <c>acceptedTokens</c> mean drafts that stand in a round, where there is no data; <c>levelPasses</c> kernels of a level, <c>parentPasses</c> for
/// each node whose children go on, <c>treePasses</c> of a tree that is made anew; <see cref="TreeVerification{TTensor}"/> has more.
/// </summary>
public sealed class EagleDrafts : ITechnique
{
    /// <inheritdoc/>
    public string Name => "eagle";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        Tree<TTensor> drafts = new(session, request);
        TreeVerification<TTensor> model = new(session, request, drafts.Nodes);
        double meanAccepted = request.Settings.Number("acceptedTokens", 0, drafts.Levels);

        (int token, Recorded<TTensor> features) = model.Prefill(prompt.Span);
        int[] following = [.. prompt.Span[1..request.PromptTokens], token];
        (features, following) = drafts.Compress(features, following);
        yield return session.Commit(request.Sequences);
        int generated = 1;
        while (generated < request.GeneratedTokens)
        {
            session.Begin(Phase.Draft);
            (DraftTree tree, int[] tokens) = drafts.Propose(features, following);
            if (session.HasData)
            {
                session.Decide(TreeVerification<TTensor>.DraftsDecision, [.. tokens.Select(drafted => (long)drafted)]);
            }

            yield return session.Commit(0);

            Verified<TTensor> verified = model.Verify(tree, tokens, meanAccepted, request.GeneratedTokens - generated - 1);
            features = verified.Features;
            following = [.. verified.Tokens];
            generated += verified.Tokens.Length;
            yield return session.Commit(verified.Tokens.Length * request.Sequences);
        }
    }

    /// <summary>A node that may come into the tree.</summary>
    /// <param name="Parent">Its place among all; -1 for a child of node 0.</param>
    /// <param name="Rank">Which of its parent's continuations.</param>
    /// <param name="Token">Its token.</param>
    /// <param name="Score">Logarithm of the draft network's probability of the way to it.</param>
    private readonly record struct Candidate(int Parent, int Rank, int Token, double Score);

    private sealed class Tree<TTensor>
        where TTensor : ITensor
    {
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly FeatureDrafter<TTensor> _drafter;
        private readonly DraftTree _fixed;
        private readonly int _sequences;
        private readonly int _vocab;
        private readonly int _topK;
        private readonly int _visual;
        private readonly int _pool;
        private readonly int _levelPasses;
        private readonly int _parentPasses;
        private readonly int _treePasses;

        public Tree(EngineSession<TTensor> session, GenerationRequest request)
        {
            TechniqueSettings settings = request.Settings;
            _net = session.Network;
            _sequences = request.Sequences;
            _vocab = session.Decoder.Shape.Vocab;
            _topK = settings.Integer("topK", 0, _vocab);
            Levels = settings.Integer("levels", 1, 64);
            int total = settings.Integer("totalTokens", 1);
            if (_topK > 0 && total > _topK + ((Levels - 1) * _topK * _topK))
            {
                throw new PimSimUserException($"technique '{settings.Technique}': {Levels} levels of the likeliest {_topK} have fewer than {total} candidates ('totalTokens')");
            }

            // Where nothing says which nodes are likely, as many on each level as there can be.
            _fixed = _topK == 0
                ? DraftTree.OfChildren(settings.Integers("treeChildren").AsSpan())
                : DraftTree.OfWidths([.. Enumerable.Range(0, Levels).Select(level => (total / Levels) + (level < total % Levels ? 1 : 0))]);
            Levels = _fixed.Depth;
            Nodes = _fixed.Parents.Length;
            _visual = settings.Integer("visualTokens", 0, request.PromptTokens - 1);
            _pool = settings.Integer("pool", 1);
            _levelPasses = settings.Integer("levelPasses");
            _parentPasses = settings.Integer("parentPasses");
            _treePasses = settings.Integer("treePasses");
            _drafter = new(session, request, 0, checked(request.PromptTokens + request.GeneratedTokens + Math.Max(Nodes, _topK * Levels)));
        }

        /// <summary>Nodes of a tree, node 0 included.</summary>
        public int Nodes { get; }

        /// <summary>Levels below node 0.</summary>
        public int Levels { get; }

        /// <summary>What the draft network reads of a prompt: of its visual tokens the mean of each group, those over left out.</summary>
        public (Recorded<TTensor> Features, int[] Following) Compress(Recorded<TTensor> features, int[] following)
        {
            int groups = _visual / _pool;
            if (_pool == 1 || groups == 0)
            {
                return (features, following);
            }

            if (_sequences > 1)
            {
                throw new PimSimUserException($"visual tokens are pooled for one sequence at a time, not {_sequences}");
            }

            _net.BeginBlock();
            Recorded<TTensor> pooled = _net.Mix(_drafter.Rows(features, [.. Enumerable.Range(0, groups * _pool)]), [.. Enumerable.Repeat(1f / _pool, groups * _pool)], _pool);
            Recorded<TTensor> text = _net.Hold(_drafter.Rows(features, [.. Enumerable.Range(_visual, following.Length - _visual)]));
            _drafter.Forward(
                _net.Hold(pooled),
                [.. Enumerable.Range(1, groups).Select(group => following[(group * _pool) - 1])],
                [.. Enumerable.Range(0, groups)],
                AttentionPattern.Causal);
            return (text, following[_visual..]);
        }

        /// <summary>A tree after these features, and its tokens.</summary>
        public (DraftTree Tree, int[] Tokens) Propose(Recorded<TTensor> features, int[] following)
        {
            int known = _drafter.Cache.Length;
            int[] positions = [.. Enumerable.Range(known, following.Length)];
            Recorded<TTensor> last = _net.Hold(_net.LastRows(_drafter.Forward(features, following, positions, AttentionPattern.Causal), _sequences));
            int stable = _drafter.Cache.Length;
            (DraftTree, int[]) tree = _topK == 0 ? Fixed(last, following[^1], stable) : Dynamic(last, following[^1], stable);
            _drafter.Cache.Truncate(stable);
            return tree;
        }

        private (DraftTree Tree, int[] Tokens) Fixed(Recorded<TTensor> last, int token, int stable)
        {
            DraftTree tree = _fixed;
            int[] tokens = new int[Nodes];
            tokens[0] = token;
            int[] rows = [0];
            List<int> cached = [];
            Recorded<TTensor> features = last;
            for (int level = 0; level < tree.Depth; level++)
            {
                int choices = tree.ChoicesAt(level + 1);
                int[] best = new int[features.Rows * choices];
                _drafter.Likeliest(features, choices, best);
                foreach (int node in tree.Level(level + 1))
                {
                    tokens[node] = best[(Array.IndexOf(rows, tree.Parents[node]) * choices) + tree.Ranks[node]];
                }

                int[] inner = [.. tree.Inner(level + 1)];
                if (inner.Length == 0)
                {
                    break;
                }

                Passes(_levelPasses + (_parentPasses * inner.Select(node => tree.Parents[node]).Distinct().Count()), inner.Length);
                Recorded<TTensor> read = _drafter.Rows(features, [.. inner.Select(node => Array.IndexOf(rows, tree.Parents[node]))]);
                cached.AddRange(inner);
                int[] places = [.. cached];
                int first = places.Length - inner.Length;
                var pattern = AttentionPattern.Masked((query, place) => place < stable || tree.IsOnWay(places[first + query], places[place - stable]));
                features = _drafter.Forward(read, [.. inner.Select(node => tokens[node])], [.. inner.Select(_ => stable + level)], pattern);
                rows = inner;
            }

            return (tree, tokens);
        }

        private (DraftTree Tree, int[] Tokens) Dynamic(Recorded<TTensor> last, int token, int stable)
        {
            List<Candidate> all = [];
            List<int> cached = [];
            int[] rows = [-1];
            Recorded<TTensor> features = last;
            for (int level = 0; level < Levels; level++)
            {
                int[] best = new int[features.Rows * _topK];
                Recorded<TTensor> logits = _drafter.Likeliest(features, _topK, best);
                _ = _net.Softmax(logits, OperatorRole.DraftHead);
                int before = all.Count;
                for (int row = 0; row < rows.Length; row++)
                {
                    double[]? probabilities = _net.HasData ? TokenDistribution.Of(_net.Row(logits, row), 1) : null;
                    for (int rank = 0; rank < _topK; rank++)
                    {
                        int drafted = best[(row * _topK) + rank];
                        double score = (rows[row] < 0 ? 0 : all[rows[row]].Score) + (probabilities is null ? 0 : Math.Log(probabilities[drafted]));
                        all.Add(new Candidate(rows[row], rank, drafted, score));
                    }
                }

                if (level == Levels - 1)
                {
                    break;
                }

                int[] next = [.. Enumerable.Range(before, all.Count - before).OrderByDescending(place => all[place].Score).ThenBy(place => place).Take(_topK)];
                Passes(_levelPasses, _topK);
                Recorded<TTensor> read = _drafter.Rows(features, [.. next.Select(place => Array.IndexOf(rows, all[place].Parent))]);
                cached.AddRange(next);
                int[] places = [.. cached];
                int first = places.Length - next.Length;
                var pattern = AttentionPattern.Masked((query, place) => place < stable || IsOnWay(all, places[first + query], places[place - stable]));
                features = _drafter.Forward(read, [.. next.Select(place => all[place].Token)], [.. next.Select(_ => stable + level)], pattern);
                rows = next;
            }

            // The best of all, whose parents are better still; then lists and masks of the tree, node by node.
            Passes(_treePasses, _topK);
            _net.HostWork(Nodes - 1);
            if (!_net.HasData)
            {
                return (_fixed, new int[Nodes]);
            }

            int[] kept = [.. Enumerable.Range(0, all.Count).OrderByDescending(place => all[place].Score).ThenBy(place => place).Take(Nodes - 1).Order()];
            return (
                DraftTree.OfParents(
                    [-1, .. kept.Select(place => all[place].Parent < 0 ? 0 : 1 + Array.IndexOf(kept, all[place].Parent))],
                    [0, .. kept.Select(place => all[place].Rank)]),
                [token, .. kept.Select(place => all[place].Token)]);
        }

        private static bool IsOnWay(List<Candidate> all, int node, int ancestor)
        {
            while (node > ancestor)
            {
                node = all[node].Parent;
            }

            return node == ancestor;
        }

        private void Passes(int passes, int rows)
        {
            if (passes > 0)
            {
                _net.Passes(passes, rows, _topK > 0 ? _topK : rows, OperatorRole.DraftHead);
            }
        }
    }
}
