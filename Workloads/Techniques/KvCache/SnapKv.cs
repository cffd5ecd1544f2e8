using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// SnapKV (Li et al., arXiv 2404.14469), the baseline of SentenceKV: after the prompt each head keeps only the tokens that its last queries attended to
/// most (<see cref="PromptImportance"/>) and forgets the others. Settings: <c>budget</c> tokens of the prompt that stay, <c>window</c>, <c>pool</c>,
/// <c>copies</c> 1 where each step writes the cache anew (<see cref="FullKv"/>).
/// </summary>
public sealed class SnapKv : ITechnique
{
    /// <inheritdoc/>
    public string Name => "snap-kv";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        LayeredDecoding.RequireOneSequence(session, request, "SnapKV");
        INetworkBackend<Recorded<TTensor>> net = session.Network;
        Decoder<Recorded<TTensor>> decoder = session.Decoder;
        ModelShape shape = decoder.Shape;
        TechniqueSettings settings = request.Settings;
        int budget = Math.Min(request.PromptTokens, settings.Integer("budget", 1));
        bool copies = settings.Integer("copies", 0, 1) == 1;
        PromptImportance importance = new(settings.Integer("window", 1), settings.Integer("pool", 1));

        // The prompt's keys and values are whole in one layer at a time.
        KeyValues whole = LayeredDecoding.CreateCache(session, request.Sequences, request.PromptTokens);
        KeyValues[] caches = LayeredDecoding.CreateCaches(session, request.Sequences, budget + request.GeneratedTokens - 1);
        return LayeredDecoding.Run(session, request, prompt, (layer, x, positions) =>
        {
            net.BeginBlock();
            DecoderLayer weights = decoder.Weights.Layers[layer];
            Recorded<TTensor> qkv = decoder.Project(x, weights, positions);
            KeyValues cache = caches[layer];
            if (cache.Length > 0)
            {
                decoder.Append(qkv, cache);
                if (copies)
                {
                    net.Pass(cache.Length * request.Sequences, 2 * shape.KvWidth, shape.KvType, OperatorRole.KvAppend);
                }

                return decoder.Rest(x, net.Attend(qkv, shape.Heads, cache, AttentionPattern.Causal), weights);
            }

            whole.Truncate(0);
            decoder.Append(qkv, whole);
            Recorded<TTensor> attended = net.Attend(qkv, shape.Heads, whole, AttentionPattern.Causal);
            net.CopyTokens(whole, importance.Choose(net, qkv, shape.Heads, whole, budget), budget, cache);
            return decoder.Rest(x, attended, weights);
        });
    }
}
