using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques.KvCache;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.KvCache;

public class PromptImportanceTests
{
    private const int Heads = 4;
    private const int KvHeads = 2;
    private const int Width = 4;

    private static readonly Gen<(int Tokens, int Budget, int Window, int Pool, int First, int Seed)> Case =
        Gen.Select(Gen.Int[6, 30], Gen.Int[1, 32], Gen.Int[1, 5], Gen.Int[0, 3].Select(reach => (2 * reach) + 1), Gen.Int[0, 3], Gen.Int[0, 1_000_000]);

    [Fact]
    public void Each_head_keeps_what_the_last_queries_attend_to_most() => Case.Sample((tokens, budget, window, pool, first, seed) =>
    {
        Random random = new(seed);
        float[] values = [.. Enumerable.Range(0, tokens * (Heads + (2 * KvHeads)) * Width).Select(_ => (random.NextSingle() * 4) - 2)];
        int columns = (Heads + (2 * KvHeads)) * Width;
        using CpuNetwork cpu = new(1);
        StepRecorder recorder = new(null);
        RecordingNetwork<CpuTensor> net = new(cpu, recorder);
        recorder.BeginStep(Phase.Prefill);
        Recorded<CpuTensor> qkv = net.Input(tokens, columns, values);
        KeyValues cache = net.CreateKeyValues(new KeyValueShape(KvHeads, Width, DataType.Fp32), 1, tokens);
        net.Append(net.Columns(qkv, Heads * Width, 2 * KvHeads * Width), cache);
        int[] kept = new PromptImportance(window, pool, first).Choose(net, qkv, Heads, cache, budget);
        int each = Math.Min(budget, tokens);
        Assert.Equal(KvHeads * each, kept.Length);
        for (int head = 0; head < KvHeads; head++)
        {
            Assert.Equal(Plain(values, columns, tokens, each, window, pool, first, head), kept.Skip(head * each).Take(each));
        }

        return true;
    });

    private static int[] Plain(float[] values, int columns, int tokens, int budget, int window, int pool, int first, int kvHead)
    {
        if (budget == tokens)
        {
            return [.. Enumerable.Range(0, tokens)];
        }

        window = Math.Min(window, budget);
        first = Math.Min(first, budget - window);
        double[] attention = new double[tokens];
        for (int query = tokens - window; query < tokens; query++)
        {
            for (int head = kvHead * (Heads / KvHeads); head < (kvHead + 1) * (Heads / KvHeads); head++)
            {
                double[] scores = [.. Enumerable.Range(0, query + 1).Select(token => Math.Exp(Enumerable.Range(0, Width).Sum(channel =>
                    values[(query * columns) + (head * Width) + channel] * (double)values[(token * columns) + ((Heads + kvHead) * Width) + channel]) / Math.Sqrt(Width)))];
                double sum = scores.Sum();
                for (int token = 0; token <= query; token++)
                {
                    attention[token] += scores[token] / sum;
                }
            }
        }

        int end = tokens - window;
        double Pooled(int token) => Enumerable.Range(token - (pool / 2), pool).Where(other => other >= first && other < end).Max(other => attention[other]);
        return [.. Enumerable.Range(0, first)
            .Concat(Enumerable.Range(first, end - first).OrderByDescending(Pooled).Take(budget - window - first).Order())
            .Concat(Enumerable.Range(end, window))];
    }
}
