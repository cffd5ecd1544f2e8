using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// SnapKV's choice of prompt tokens, head by head: those that the last queries of the prompt (the window) attend to most, after the attention of each
/// token is replaced by the most of its neighbours. The window itself always stays.
/// </summary>
/// <param name="Window">Last tokens of the prompt whose queries decide.</param>
/// <param name="Pool">Neighbours that are looked at together; odd.</param>
/// <param name="First">Tokens at the beginning that always stay too.</param>
public sealed record PromptImportance(int Window, int Pool, int First = 0)
{
    /// <summary>
    /// Places of the tokens that stay, ascending: a row for each key/value head of each sequence. All of them if the budget allows.
    /// </summary>
    /// <param name="net">Computes.</param>
    /// <param name="qkv">Projections of the prompt.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="cache">Keys of the prompt.</param>
    /// <param name="budget">Tokens that stay.</param>
    public int[] Choose<TTensor>(INetworkBackend<Recorded<TTensor>> net, Recorded<TTensor> qkv, int heads, KeyValues cache, int budget)
        where TTensor : ITensor
    {
        int tokens = cache.Length;
        int streams = cache.Sequences * cache.Shape.Heads;
        if (budget >= tokens)
        {
            return [.. Enumerable.Range(0, streams).SelectMany(_ => Enumerable.Range(0, tokens))];
        }

        int window = Math.Min(Window, budget);
        int first = Math.Min(First, budget - window);
        int rest = budget - window - first;
        int[] kept = new int[streams * budget];
        int[] chosen = [];
        if (rest > 0)
        {
            int[] last = [.. Enumerable.Range(0, cache.Sequences).SelectMany(sequence => Enumerable.Range((sequence * tokens) + tokens - window, window))];
            Recorded<TTensor> scores = net.Scores(net.Rows(qkv, last, OperatorRole.KvSelection), heads, cache, AttentionPattern.Causal);
            net.Pass(streams, tokens, net.ActivationType, OperatorRole.KvSelection);
            Recorded<TTensor> pooled = net.Input(streams, tokens - window - first, net.HasData ? Pooled(net, scores, first, tokens - window - first) : []);
            chosen = new int[streams * rest];
            net.TopK(pooled, rest, chosen, OperatorRole.KvSelection);
        }

        for (int stream = 0; stream < streams; stream++)
        {
            int[] own = [.. Enumerable.Range(0, first), .. chosen.AsSpan(stream * rest, rest).ToArray().Select(place => first + place).Order(), .. Enumerable.Range(tokens - window, window)];
            own.CopyTo(kept, stream * budget);
        }

        return kept;
    }

    private float[] Pooled<TTensor>(INetworkBackend<Recorded<TTensor>> net, Recorded<TTensor> scores, int skipped, int count)
        where TTensor : ITensor
    {
        float[] pooled = new float[scores.Rows * count];
        int reach = Pool / 2;
        for (int row = 0; row < scores.Rows; row++)
        {
            ReadOnlySpan<float> values = net.Row(scores, row).Slice(skipped, count);
            for (int token = 0; token < count; token++)
            {
                int first = Math.Max(0, token - reach);
                float most = values[first];
                foreach (float value in values[first..Math.Min(count, token + reach + 1)])
                {
                    most = Math.Max(most, value);
                }

                pooled[(row * count) + token] = most;
            }
        }

        return pooled;
    }
}
