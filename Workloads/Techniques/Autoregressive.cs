using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques;

/// <summary>
/// Plain greedy generation. The first forward processes the prompt and commits the first token; each later one processes
/// the token before and commits one more. G generated tokens take G forwards, and the last token never enters the cache. With
/// an encoder-decoder a step that commits nothing encodes the prompt, and the first forward processes the start token.
/// </summary>
public sealed class Autoregressive : ITechnique
{
    /// <inheritdoc/>
    public string Name => "autoregressive";

    /// <inheritdoc/>
    public int ReservedContext(GenerationRequest request)
    {
        long tokens = (long)request.PromptTokens + request.GeneratedTokens - 1;
        return tokens <= int.MaxValue
            ? (int)tokens
            : throw new PimSimUserException($"a context of {tokens} tokens is more than PimSim counts; {int.MaxValue} is the most");
    }

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        int[] tokens = new int[request.Sequences];
        if (session.CrossCache is null)
        {
            // A prompt of one token is the same work as a decode step.
            Phase first = request.PromptTokens > 1 ? Phase.Prefill : Phase.Decode;
            session.Sample(session.Forward(prompt.Span, first), tokens);
        }
        else
        {
            session.Encode(prompt.Span);
            yield return session.Commit(0);
            Array.Fill(tokens, session.StartToken);
            session.Sample(session.Forward(tokens, Phase.Decode), tokens);
        }

        yield return session.Commit(request.Sequences);

        for (int generated = 1; generated < request.GeneratedTokens; generated++)
        {
            session.Sample(session.Forward(tokens, Phase.Decode), tokens);
            yield return session.Commit(request.Sequences);
        }
    }
}
