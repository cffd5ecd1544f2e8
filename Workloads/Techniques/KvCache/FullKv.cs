using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// Full attention over all keys and values, kept as the baselines of papers keep them. Hugging Face's dynamic cache joins new tokens to the old ones
/// by <c>torch.cat</c>, which writes the whole cache anew in every step. FlexGen (Sheng et al., arXiv 2303.06865) holds a share of the cache in the
/// host's memory and brings it over the link layer by layer. Settings: <c>copies</c> 1 for the first; <c>hostShare</c> for the second.
/// </summary>
public sealed class FullKv : ITechnique
{
    /// <inheritdoc/>
    public string Name => "full-kv";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        INetworkBackend<Recorded<TTensor>> net = session.Network;
        Decoder<Recorded<TTensor>> decoder = session.Decoder;
        ModelShape shape = decoder.Shape;
        bool copies = request.Settings.Integer("copies", 0, 1) == 1;
        double hostShare = request.Settings.Number("hostShare", 0, 1);
        int capacity = LayeredDecoding.Capacity(request);
        int width = 2 * shape.KvWidth;
        KeyValues[] caches = LayeredDecoding.CreateCaches(session, request.Sequences, capacity);
        KeyValues[] onDevice = [];
        if (hostShare > 0)
        {
            // What lies on the host is not kept by the device; the rest of it is counted beside.
            onDevice = LayeredDecoding.CreateCaches(session, request.Sequences, Math.Max(1, capacity - HostTokens(capacity)));
            foreach (KeyValues cache in caches)
            {
                cache.IsKept = false;
            }
        }

        int HostTokens(int tokens) => (int)Math.Ceiling(hostShare * tokens);

        return LayeredDecoding.Run(session, request, prompt, (layer, x, positions) =>
        {
            net.BeginBlock();
            KeyValues cache = caches[layer];
            int before = cache.Length;
            Recorded<TTensor> qkv = decoder.Project(x, decoder.Weights.Layers[layer], positions);
            if (HostTokens(before) > 0)
            {
                net.HostCopy(HostTokens(before) * request.Sequences, width);
            }

            decoder.Append(qkv, cache);
            if (copies && before > 0)
            {
                net.Pass(cache.Length * request.Sequences, width, shape.KvType, OperatorRole.KvAppend);
            }

            int leaves = HostTokens(cache.Length) - HostTokens(before);
            int stays = cache.Length - before - leaves;
            if (leaves > 0)
            {
                net.HostCopy(leaves * request.Sequences, width);
            }

            if (hostShare > 0 && stays > 0)
            {
                onDevice[layer].Extend(stays);
            }

            return decoder.Rest(x, net.Attend(qkv, shape.Heads, cache, AttentionPattern.Causal), decoder.Weights.Layers[layer]);
        });
    }
}
