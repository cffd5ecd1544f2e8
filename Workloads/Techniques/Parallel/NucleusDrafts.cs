using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques.Speculative;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// Several drafts of one prompt by nucleus sampling (Holtzman et al., arXiv 1904.09751), one after the other, each reading the prompt anew: what
/// Superposed Decoding is compared with. Settings: <c>drafts</c>; <c>mass</c> of the nucleus; <c>temperature</c>; <c>passes</c> kernels of the
/// sampler.
/// </summary>
public sealed class NucleusDrafts : ITechnique
{
    /// <inheritdoc/>
    public string Name => "nucleus";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        if (request.Sequences != 1)
        {
            throw new PimSimUserException($"drafts by nucleus sampling run one prompt at a time, not {request.Sequences}");
        }

        TechniqueSettings settings = request.Settings;
        Decoder<Recorded<TTensor>> decoder = session.Decoder;
        INetworkBackend<Recorded<TTensor>> net = session.Network;
        int vocab = decoder.Shape.Vocab;
        int passes = settings.Integer("passes");
        (double mass, double temperature) = (settings.Number("mass", 0, 1), settings.Number("temperature"));
        KeyValues[] caches = decoder.CreateCaches(1, prompt.Length + request.GeneratedTokens);
        for (int draft = 0; draft < settings.Integer("drafts", 1); draft++)
        {
            foreach (KeyValues cache in caches)
            {
                cache.Truncate(0);
            }

            int token = 0;
            for (int position = 0; position < request.GeneratedTokens; position++)
            {
                session.Begin(position == 0 ? Phase.Prefill : Phase.Decode);
                int[] positions = position == 0 ? [.. Enumerable.Range(0, prompt.Length)] : [prompt.Length + position - 1];
                Recorded<TTensor> features = decoder.Forward(position == 0 ? prompt.Span : [token], positions, caches, AttentionPattern.Causal);
                Recorded<TTensor> logits = decoder.LastHead(features, 1);
                _ = net.TopK(net.Softmax(logits, OperatorRole.Sample), vocab, new int[vocab], OperatorRole.Sample);
                if (passes > 0)
                {
                    net.Passes(passes, 1, vocab, OperatorRole.Sample);
                }

                if (session.HasData)
                {
                    double[] nucleus = TokenDistribution.Nucleus(TokenDistribution.Of(net.Row(logits, 0), temperature), mass);
                    token = TokenDistribution.Draw(nucleus, session.Draws.Uniform("nucleus"));
                    session.Decide(EngineSession<TTensor>.TokensDecision, token);
                }

                yield return session.Commit(1);
            }
        }
    }
}
