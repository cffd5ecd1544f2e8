using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>What a model made of a tree of drafts.</summary>
/// <typeparam name="TTensor">The tensor of the session.</typeparam>
/// <param name="Accepted">Tokens of the tree that stand, node 0 not counted.</param>
/// <param name="Tokens">Those tokens, and the model's own next one: what the round adds to the text of each sequence.</param>
/// <param name="Path">Nodes that stand, node 0 included.</param>
/// <param name="Features">The model's features of the rows that stand, [sequences x (Accepted + 1), hidden], after the last normalisation.</param>
/// <param name="AllFeatures">Those of all nodes, [sequences x nodes, hidden].</param>
public sealed record Verified<TTensor>(int Accepted, ImmutableArray<int> Tokens, ImmutableArray<int> Path, Recorded<TTensor> Features, Recorded<TTensor> AllFeatures)
    where TTensor : ITensor;

/// <summary>
/// A decoder that continues a text by its own next token and by what it agrees with of a tree of drafts. The text is that of the model alone: a draft
/// stands only where it is the most likely token. The work around the pass is that of the code that Medusa, Hydra, EAGLE and Falcon share: the mask is
/// made anew, the logits of every way through the tree are copied and searched, the keys and values that stand are copied out and back. Settings:
/// <c>maskPasses</c> kernels that make a mask, <c>roundPasses</c> those that make candidates, compare them and keep the best.
/// </summary>
/// <typeparam name="TTensor">The tensor of the session.</typeparam>
public sealed class TreeVerification<TTensor>
    where TTensor : ITensor
{
    /// <summary>Name of the decision: drafts that stand.</summary>
    public const string AcceptedDecision = "accepted";

    /// <summary>Name of the decision: the tokens of the tree, node by node.</summary>
    public const string DraftsDecision = "drafts";

    private readonly EngineSession<TTensor> _session;
    private readonly int _sequences;
    private readonly KeyValues[] _caches;
    private readonly int _maskPasses;
    private readonly int _roundPasses;

    /// <summary>Reserves caches.</summary>
    /// <param name="session">A fresh session of a decoder.</param>
    /// <param name="request">How much is generated.</param>
    /// <param name="nodes">Nodes of the largest tree, node 0 included.</param>
    /// <exception cref="PimSimUserException">Several sequences on data: each would accept another number.</exception>
    public TreeVerification(EngineSession<TTensor> session, GenerationRequest request, int nodes)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(request);
        if (session.HasData && request.Sequences > 1)
        {
            throw new PimSimUserException($"speculation on data runs one sequence, not {request.Sequences}: each would accept another number of tokens");
        }

        _session = session;
        _sequences = request.Sequences;
        _maskPasses = request.Settings.Integer("maskPasses");
        _roundPasses = request.Settings.Integer("roundPasses");
        _caches = session.Decoder.CreateCaches(request.Sequences, checked(request.PromptTokens + request.GeneratedTokens + nodes));
    }

    /// <summary>Tokens in the caches: all of the text but the newest.</summary>
    public int Length => _caches[0].Length;

    /// <summary>Reads the prompt in a step of its own, without committing it. Returns the first token and the features of all rows, normalised.</summary>
    public (int Token, Recorded<TTensor> Features) Prefill(ReadOnlySpan<int> prompt)
    {
        int[] positions = [.. Enumerable.Range(0, prompt.Length / _sequences)];
        _session.Begin(positions.Length > 1 ? Phase.Prefill : Phase.Decode);
        INetworkBackend<Recorded<TTensor>> net = _session.Network;
        DecoderWeights weights = _session.Decoder.Weights;
        Recorded<TTensor> features = _session.Decoder.Forward(prompt, positions, _caches, AttentionPattern.Causal);
        net.BeginBlock();
        features = net.Hold(net.Norm(features, weights.FinalNorm));
        int[] tokens = new int[_sequences];
        _session.Sample(net.Linear(net.LastRows(features, _sequences), weights.Head), tokens);
        return (tokens[0], features);
    }

    /// <summary>Looks at a tree in a step of <see cref="Phase.Verify"/>, without committing it.</summary>
    /// <param name="tree">Its shape.</param>
    /// <param name="tokens">The token of each node; node 0 is the newest of the text. All sequences have the same.</param>
    /// <param name="meanAccepted">Where there is no data: drafts that stand, on average.</param>
    /// <param name="most">Drafts that may stand: what is still to be generated.</param>
    public Verified<TTensor> Verify(DraftTree tree, ReadOnlySpan<int> tokens, double meanAccepted, int most)
    {
        ArgumentNullException.ThrowIfNull(tree);
        INetworkBackend<Recorded<TTensor>> net = _session.Network;
        int length = Length;
        int nodes = tokens.Length;
        int[] all = new int[nodes * _sequences];
        for (int row = 0; row < all.Length; row++)
        {
            all[row] = tokens[row % nodes];
        }

        int[] positions = [.. tree.Depths.Select(depth => length + depth)];
        _session.Begin(Phase.Verify);
        if (_maskPasses > 0)
        {
            net.Passes(_maskPasses, nodes, length + nodes);
        }

        Recorded<TTensor> features = _session.Decoder.Forward(all, positions, _caches, AttentionPattern.Tree(tree.Parents.AsSpan()));
        net.BeginBlock();
        features = net.Hold(net.Norm(features, _session.Decoder.Weights.FinalNorm));
        Recorded<TTensor> logits = net.Linear(features, _session.Decoder.Weights.Head);
        ImmutableArray<int> ways = tree.Ways;
        int[] chosen = new int[ways.Length * _sequences];
        net.Sample(net.Rows(logits, [.. Enumerable.Range(0, _sequences).SelectMany(sequence => ways.Select(node => (sequence * nodes) + node))], OperatorRole.Sample), chosen);
        int[] next = new int[nodes];
        for (int row = 0; row < ways.Length; row++)
        {
            next[ways[row]] = chosen[row];
        }

        if (_roundPasses > 0)
        {
            net.Passes(_roundPasses, tree.Leaves * _sequences, tree.Depth + 1, OperatorRole.Sample);
        }

        int[] proposed = tokens.ToArray();
        ImmutableArray<int> path = [];
        int accepted = _session.Decide(
            AcceptedDecision,
            () => (path = Agreed(tree, proposed, next, most)).Length - 1,
            draws => draws.Mean(AcceptedDecision, meanAccepted, 0, Math.Min(tree.Depth, most)));
        path = _session.HasData ? path : tree.PathToLevel(accepted);

        net.BeginBlock();
        net.KeepTogether(_caches, length, [.. path.Select(node => length + node)]);
        int[] rows = [.. Enumerable.Range(0, _sequences).SelectMany(sequence => path.Select(node => (sequence * nodes) + node))];
        Recorded<TTensor> standing = net.Hold(net.Rows(features, rows, OperatorRole.DraftInput));
        ImmutableArray<int> text = [.. path.Skip(1).Select(node => proposed[node]), next[path[^1]]];
        if (_session.HasData)
        {
            _session.Decide(EngineSession<TTensor>.TokensDecision, [.. text.Select(token => (long)token)]);
        }

        return new Verified<TTensor>(accepted, text, path, standing, features);
    }

    private static ImmutableArray<int> Agreed(DraftTree tree, int[] tokens, int[] next, int most)
    {
        List<int> path = [0];
        while (path.Count <= most)
        {
            int last = path[^1];
            int child = Enumerable.Range(last + 1, tokens.Length - last - 1).FirstOrDefault(node => tree.Parents[node] == last && tokens[node] == next[last]);
            if (child == 0)
            {
                break;
            }

            path.Add(child);
        }

        return [.. path];
    }
}
