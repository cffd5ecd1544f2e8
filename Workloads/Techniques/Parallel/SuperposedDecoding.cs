using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques.Speculative;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// Superposed Decoding (Shen et al., arXiv 2405.18400): k drafts share one pass per position, whose input is the sum of their newest tokens'
/// embeddings weighted by the drafts' probabilities; n-grams then tell on the host which of the likeliest tokens continue which draft. A position
/// of the cache belongs to all drafts. Settings: <c>drafts</c> k; <c>candidates</c> tokens looked at; <c>alpha</c>, <c>gramWeights</c> (for runs
/// of 1, 2 ... tokens), <c>penalty</c> of the n-grams; <c>grams</c> 0 for none; <c>temperature</c>; <c>dense</c> 1 to sum embeddings by a product
/// with the whole table, as the released code does; <c>passes</c> and <c>passesPerDraft</c> kernels of its selection. On data the n-grams are
/// those of the prompt.
/// </summary>
public sealed class SuperposedDecoding : ITechnique
{
    /// <inheritdoc/>
    public string Name => "superposed";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        if (request.Sequences != 1)
        {
            throw new PimSimUserException($"superposed decoding runs one prompt at a time, not {request.Sequences}");
        }

        TechniqueSettings settings = request.Settings;
        Decoder<Recorded<TTensor>> decoder = session.Decoder;
        INetworkBackend<Recorded<TTensor>> net = session.Network;
        int vocab = decoder.Shape.Vocab;
        int k = settings.Integer("drafts", 1, vocab);
        int candidates = settings.Integer("candidates", k, vocab);
        bool hasGrams = settings.Integer("grams", 0, 1) == 1;
        ImmutableArray<double> weights = settings.List("gramWeights");
        DraftSelection selection = new(candidates, settings.Number("alpha", 0, 1), weights, settings.Number("penalty"));
        double temperature = settings.Number("temperature");
        (int passes, int perDraft) = (settings.Integer("passes"), settings.Integer("passesPerDraft"));
        LinearLayer? table = settings.Integer("dense", 0, 1) == 1 ? new LinearLayer(OperatorRole.Embedding, TransposedTable.Of(decoder.Weights.Tokens, session.HasData)) : null;
        NgramTable? grams = session.HasData && hasGrams ? new NgramTable(prompt.Span, weights.Length) : null;

        KeyValues[] caches = decoder.CreateCaches(1, prompt.Length + request.GeneratedTokens);
        int[][] drafts = [.. Enumerable.Repeat(prompt.ToArray(), k)];
        double[] logs = new double[k];
        for (int position = 0; position < request.GeneratedTokens; position++)
        {
            bool isFirst = position == 0;
            session.Begin(isFirst ? Phase.Prefill : Phase.Decode);
            int[] positions = isFirst ? [.. Enumerable.Range(0, prompt.Length)] : [prompt.Length + position - 1];
            Recorded<TTensor> x = isFirst ? decoder.Embed(prompt.Span, positions) : Superpose(net, decoder.Weights.Tokens, table, drafts, logs);
            for (int layer = 0; layer < decoder.Shape.Layers; layer++)
            {
                x = decoder.Layer(x, layer, positions, caches[layer], AttentionPattern.Causal);
            }

            Recorded<TTensor> logits = decoder.LastHead(x, 1);
            _ = net.TopK(net.Softmax(logits, OperatorRole.Sample), candidates, new int[candidates], OperatorRole.Sample);
            if (hasGrams)
            {
                net.HostWork(k * candidates * weights.Length);
            }

            if (passes > 0)
            {
                net.Passes(passes, k, vocab, OperatorRole.Sample);
            }

            if (perDraft > 0)
            {
                net.Passes(perDraft * k, 1, 1, OperatorRole.Sample);
            }

            if (session.HasData)
            {
                ImmutableArray<Continuation> next = selection.Next(TokenDistribution.Of(net.Row(logits, 0), temperature), drafts, logs, grams, isFirst);
                drafts = [.. next.Select(one => (int[])[.. drafts[one.Parent], one.Token])];
                logs = [.. next.Select(one => one.LogProbability)];
                session.Decide("parents", [.. next.Select(one => (long)one.Parent)]);
                if (position == request.GeneratedTokens - 1)
                {
                    session.Decide(EngineSession<TTensor>.TokensDecision, [.. drafts.SelectMany(draft => draft.Skip(prompt.Length)).Select(token => (long)token)]);
                }
            }

            yield return session.Commit(k);
        }
    }

    /// <summary>Weights of the drafts in the sum: their probabilities.</summary>
    public static float[] MixOf(IReadOnlyList<double> logProbabilities)
    {
        double most = logProbabilities.Max();
        double sum = logProbabilities.Sum(log => Math.Exp(log - most));
        return [.. logProbabilities.Select(log => (float)(Math.Exp(log - most) / sum))];
    }

    private static Recorded<TTensor> Superpose<TTensor>(INetworkBackend<Recorded<TTensor>> net, WeightTensor tokens, LinearLayer? table, int[][] drafts, double[] logs)
        where TTensor : ITensor
    {
        net.BeginBlock();
        float[] mix = MixOf(logs);
        if (table is null)
        {
            return net.Mix(net.Embed(tokens, [.. drafts.Select(draft => draft[^1])]), mix, drafts.Length);
        }

        float[] all = new float[tokens.Rows];
        for (int draft = 0; draft < drafts.Length; draft++)
        {
            all[drafts[draft][^1]] += mix[draft];
        }

        return net.Linear(net.Input(1, all.Length, all), table);
    }
}
