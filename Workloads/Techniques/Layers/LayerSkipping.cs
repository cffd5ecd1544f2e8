using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Layers;

/// <summary>
/// SkipDecode (Del Corro et al., arXiv 2307.02628): the later a token stands, the fewer layers it runs, the same number for all sequences; it enters
/// at the bottom, jumps over the middle and runs the top, so that whatever it attends to was computed before. Unified Layer Skipping (Liu et al., arXiv
/// 2404.06954) runs one number of layers, spread evenly. Layers that a token does not run keep nothing of it. Settings: <c>maxLayers</c>,
/// <c>minLayers</c> (0: all), <c>warmUpLayers</c> at the bottom, <c>decayTokens</c> over which the number falls, <c>spread</c> 1 for Unified.
/// </summary>
public sealed class LayerSkipping : ITechnique
{
    /// <summary>Name of the decision: layers that the step ran.</summary>
    public const string LayersDecision = "layers";

    /// <inheritdoc/>
    public string Name => "layer-skipping";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        Decoder<Recorded<TTensor>> decoder = session.Decoder;
        LayerSchedule schedule = LayerSchedule.Read(request.Settings, decoder.Shape.Layers);
        if (schedule.Spread && schedule.Most != schedule.Fewest)
        {
            throw new PimSimUserException("layers that are spread evenly are the same for all tokens: 'maxLayers' and 'minLayers' must be equal");
        }

        KeyValues[] caches = decoder.CreateCaches(request.Sequences, checked(request.PromptTokens + request.GeneratedTokens - 1));
        int[] tokens = prompt.ToArray();
        int[] next = new int[request.Sequences];
        int length = 0;
        for (int generated = 0; generated < request.GeneratedTokens; generated++)
        {
            int[] positions = [.. Enumerable.Range(length, tokens.Length / request.Sequences)];
            int[] layers = schedule.At(generated);
            session.Begin(positions.Length > 1 ? Phase.Prefill : Phase.Decode);
            session.Decide(LayersDecision, layers.Length);
            Recorded<TTensor> x = decoder.Embed(tokens, positions);
            foreach (int layer in layers)
            {
                x = decoder.Layer(x, layer, positions, caches[layer], AttentionPattern.Causal);
            }

            session.Sample(decoder.LastHead(x, request.Sequences), next);
            yield return session.Commit(request.Sequences);
            length += positions.Length;
            tokens = [.. next];
        }
    }
}
