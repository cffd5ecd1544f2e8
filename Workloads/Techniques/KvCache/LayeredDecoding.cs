using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>Greedy generation, one token of each sequence a step, by a decoder whose blocks a technique runs itself.</summary>
internal static class LayeredDecoding
{
    /// <summary>What a technique makes of a block of the model.</summary>
    /// <param name="layer">Number of the block.</param>
    /// <param name="x">What goes in.</param>
    /// <param name="positions">Of the rows of one sequence; those of the prompt in the first step, one later.</param>
    internal delegate Recorded<TTensor> Block<TTensor>(int layer, Recorded<TTensor> x, int[] positions)
        where TTensor : ITensor;

    /// <summary>Runs to the end.</summary>
    /// <param name="session">A fresh session of a decoder.</param>
    /// <param name="request">How much.</param>
    /// <param name="prompt">Token ids, sequence by sequence.</param>
    /// <param name="block">The blocks; each begins a block of the recording.</param>
    /// <param name="endStep">Called with the tokens that a step has read, before it is committed.</param>
    public static IEnumerable<Step> Run<TTensor>(
        EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt, Block<TTensor> block, Action<ReadOnlyMemory<int>>? endStep = null)
        where TTensor : ITensor
    {
        int[] next = new int[request.Sequences];
        int[] positions = [.. Enumerable.Range(0, request.PromptTokens)];
        Forward(session, prompt, positions, positions.Length > 1 ? Phase.Prefill : Phase.Decode, block, next);
        endStep?.Invoke(prompt);
        yield return session.Commit(request.Sequences);
        for (int generated = 1; generated < request.GeneratedTokens; generated++)
        {
            int[] read = [.. next];
            Forward(session, read, [request.PromptTokens + generated - 1], Phase.Decode, block, next);
            endStep?.Invoke(read);
            yield return session.Commit(request.Sequences);
        }
    }

    /// <summary>A cache of the model's heads. Its length is not held against the positions that the model was trained for: papers go beyond.</summary>
    public static KeyValues CreateCache<TTensor>(EngineSession<TTensor> session, int sequences, int capacity, DataType? type = null)
        where TTensor : ITensor
    {
        Traces.Engine.Models.ModelShape shape = session.Decoder.Shape;
        return session.Network.CreateKeyValues(new KeyValueShape(shape.KvHeads, shape.HeadDim, type ?? shape.KvType), sequences, capacity);
    }

    /// <summary>A cache of each layer.</summary>
    public static KeyValues[] CreateCaches<TTensor>(EngineSession<TTensor> session, int sequences, int capacity, DataType? type = null)
        where TTensor : ITensor => [.. Enumerable.Range(0, session.Decoder.Shape.Layers).Select(_ => CreateCache(session, sequences, capacity, type))];

    /// <summary>Tokens that a run caches at most.</summary>
    public static int Capacity(GenerationRequest request) => checked(request.PromptTokens + request.GeneratedTokens - 1);

    /// <summary>Several sequences on data are refused where each would go its own way.</summary>
    /// <exception cref="PimSimUserException">There are several, and data.</exception>
    public static void RequireOneSequence<TTensor>(EngineSession<TTensor> session, GenerationRequest request, string technique)
        where TTensor : ITensor
    {
        if (session.HasData && request.Sequences > 1)
        {
            throw new PimSimUserException($"{technique} on data runs one sequence, not {request.Sequences}: each would keep other tokens");
        }
    }

    private static void Forward<TTensor>(
        EngineSession<TTensor> session, ReadOnlyMemory<int> tokens, int[] positions, Phase phase, Block<TTensor> block, int[] next)
        where TTensor : ITensor
    {
        session.Begin(phase);
        Recorded<TTensor> x = session.Decoder.Embed(tokens.Span, positions);
        for (int layer = 0; layer < session.Decoder.Shape.Layers; layer++)
        {
            x = block(layer, x, positions);
        }

        session.Sample(session.Decoder.LastHead(x, next.Length), next);
    }
}
