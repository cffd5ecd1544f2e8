using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Layers;

/// <summary>
/// Sparse Query Attention (Filipek, 2025): fewer query heads than the model would have, so that scores and weighted sums shrink by their number, while
/// GQA and MQA drop key/value heads alone and compute as much. One program for the whole family. Settings: <c>queryHeads</c> and
/// <c>keyValueHeads</c>, 0 for those of the model; <c>window</c> tokens that a query sees, 0 for all (sliding window attention; kernels here compute
/// it densely and mask); <c>allLogits</c> 1 if the head reads every row of the prompt, as a forward of training code does.
/// </summary>
public sealed class SparseQueryAttention : ITechnique
{
    /// <inheritdoc/>
    public string Name => "query-heads";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        TechniqueSettings settings = request.Settings;
        DecoderWeights weights = session.Decoder.Weights;
        int queryHeads = settings.Integer("queryHeads", 0, weights.Shape.Heads);
        int keyValueHeads = settings.Integer("keyValueHeads", 0, weights.Shape.KvHeads);
        int window = settings.Integer("window");
        bool allLogits = settings.Integer("allLogits", 0, 1) == 1;
        Decoder<Recorded<TTensor>> decoder = new(session.Network, HeadSelection.First(
            weights,
            queryHeads == 0 ? weights.Shape.Heads : queryHeads,
            keyValueHeads == 0 ? weights.Shape.KvHeads : keyValueHeads));
        KeyValues[] caches = decoder.CreateCaches(request.Sequences, checked(request.PromptTokens + request.GeneratedTokens - 1));

        int[] tokens = prompt.ToArray();
        int[] next = new int[request.Sequences];
        for (int generated = 0; generated < request.GeneratedTokens; generated++)
        {
            int length = caches[0].Length;
            int[] positions = [.. Enumerable.Range(length, tokens.Length / request.Sequences)];
            session.Begin(positions.Length > 1 ? Phase.Prefill : Phase.Decode);
            AttentionPattern pattern = window == 0
                ? AttentionPattern.Causal
                : AttentionPattern.Masked((query, token) => token <= length + query && token > length + query - window);
            Recorded<TTensor> features = decoder.Forward(tokens, positions, caches, pattern);
            Recorded<TTensor> logits = allLogits
                ? session.Network.LastRows(decoder.Head(features), request.Sequences)
                : decoder.LastHead(features, request.Sequences);
            session.Sample(logits, next);
            yield return session.Commit(request.Sequences);
            tokens = [.. next];
        }
    }
}
