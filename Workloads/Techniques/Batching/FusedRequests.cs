using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Requests;

namespace PimSim.Workloads.Techniques.Batching;

/// <summary>
/// Flover (Yao et al., arXiv 2305.13484): requests come one by one; each is read when it comes, and the next tokens of all that are under way are made
/// in one pass, with a cache for each. One that ends leaves the batch at once ("shuffle"). With one request at a time it is plain generation, request
/// after request. Settings: those of <see cref="RequestPlan"/>; the request's own sequences are not used. Here time is counted in iterations of
/// <c>iterationMilliseconds</c>; claims run the same requests on the clock of a device (<c>Simulator/Serving</c>, docs/techniques/11-flover.md).
/// </summary>
public sealed class FusedRequests : ITechnique
{
    /// <summary>Name of the decision: the requests of a step, by their numbers.</summary>
    public const string RequestsDecision = "requests";

    /// <inheritdoc/>
    public string Name => "fused-requests";

    /// <inheritdoc/>
    public bool HasArrivals => true;

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        var plan = RequestPlan.Read(request.Settings);
        if (request.Sequences != 1)
        {
            throw new PimSimUserException($"requests come one by one: 'requests' of technique '{request.Settings.Technique}' says how many, and sequences must be 1, not {request.Sequences}");
        }

        double iteration = plan.IterationMilliseconds > 0
            ? plan.IterationMilliseconds
            : throw new PimSimUserException("without a clock arrivals are counted in iterations: 'iterationMilliseconds' must say what one takes");
        Queue<Request> coming = new(plan.Source(request.PromptTokens, request.GeneratedTokens, unchecked((ulong)request.Seed)).Requests());
        List<Active> active = [];
        int number = 0;
        for (int now = 0; coming.Count > 0 || active.Count > 0; now++)
        {
            int underWay = active.Count;
            while (coming.Count > 0 && active.Count < plan.Concurrent && coming.Peek().ArrivalNanoseconds <= now * iteration * 1e6)
            {
                Active one = new(number++, coming.Dequeue().OutputTokens, session.Decoder.CreateCaches(1, request.PromptTokens + request.GeneratedTokens));
                session.Begin(request.PromptTokens > 1 ? Phase.Prefill : Phase.Decode);
                session.Decide(RequestsDecision, one.Number);
                int[] positions = [.. Enumerable.Range(0, request.PromptTokens)];
                int[] first = new int[1];
                session.Sample(session.Decoder.LastHead(session.Decoder.Forward(prompt.Span, positions, one.Caches, AttentionPattern.Causal), 1), first);
                one.Take(first[0]);
                active.Add(one);
                yield return session.Commit(1);
            }

            // Those that came now take part from the next iteration on.
            Active[] batch = [.. active.Take(underWay)];
            if (batch.Length > 0)
            {
                session.Begin(Phase.Decode);
                session.Decide(RequestsDecision, [.. batch.Select(one => (long)one.Number)]);
                int[] next = new int[batch.Length];
                session.Sample(Together(session, batch), next);
                for (int row = 0; row < batch.Length; row++)
                {
                    batch[row].Take(next[row]);
                }

                yield return session.Commit(batch.Length);
            }

            active.RemoveAll(one => one.Left == 0);
        }
    }

    /// <summary>Logits of the next token of each: products over all rows at once, attention of each row to its own cache.</summary>
    private static Recorded<TTensor> Together<TTensor>(EngineSession<TTensor> session, Active[] batch)
        where TTensor : ITensor
    {
        INetworkBackend<Recorded<TTensor>> net = session.Network;
        Decoder<Recorded<TTensor>> decoder = session.Decoder;
        int[] positions = [.. batch.Select(one => one.Caches[0].Length)];
        Recorded<TTensor> x = decoder.Embed([.. batch.Select(one => one.Token)], positions);
        for (int number = 0; number < decoder.Shape.Layers; number++)
        {
            DecoderLayer layer = decoder.Weights.Layers[number];
            net.BeginBlock();
            Recorded<TTensor> qkv = decoder.Project(x, layer, positions);
            Recorded<TTensor>? attended = null;
            for (int row = 0; row < batch.Length; row++)
            {
                Recorded<TTensor> own = batch.Length == 1 ? qkv : net.Rows(qkv, [row], OperatorRole.Attention);
                decoder.Append(own, batch[row].Caches[number]);
                own = net.Attend(own, decoder.Shape.Heads, batch[row].Caches[number], AttentionPattern.Causal);
                attended = attended is { } before ? net.Join(before, own, OperatorRole.Attention) : own;
            }

            x = decoder.Rest(x, net.Reshape(attended!.Value, batch.Length), layer);
        }

        return decoder.Head(x);
    }

    private sealed class Active(int number, int tokens, KeyValues[] caches)
    {
        public int Number => number;

        public KeyValues[] Caches => caches;

        public int Left { get; private set; } = tokens;

        public int Token { get; private set; }

        public void Take(int token)
        {
            Token = token;
            Left--;
        }
    }
}
