using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Networks;

/// <summary>What networks compute on the processor, beside plain loops over the definitions.</summary>
public sealed class CpuNetworkTests : IDisposable
{
    private readonly CpuNetwork _net = new(1);
    private readonly Random _random = new(7);

    public void Dispose() => _net.Dispose();

    [Theory]
    [InlineData("causal")]
    [InlineData("all")]
    [InlineData("tree")]
    [InlineData("masked")]
    public void Attention_is_the_softmax_of_what_is_seen(string word)
    {
        const int Sequences = 2, Before = 3, New = 4, Heads = 4, KvHeads = 2, Width = 6;
        int[] parents = [-1, 0, 0, 1];
        bool Sees(int query, int token) => word switch
        {
            "causal" => token <= Before + query,
            "all" => true,
            "tree" => token < Before || Ancestors(parents, query).Contains(token - Before),
            _ => (query + token) % 2 == 0,
        };
        AttentionPattern pattern = word switch
        {
            "causal" => AttentionPattern.Causal,
            "all" => AttentionPattern.All,
            "tree" => AttentionPattern.Tree(parents),
            _ => AttentionPattern.Masked((query, token) => (query + token) % 2 == 0),
        };
        KeyValues cache = _net.CreateKeyValues(new KeyValueShape(KvHeads, Width, DataType.Fp32), Sequences, Before + New);
        float[][] rows = [.. Enumerable.Range(0, Sequences * (Before + New)).Select(_ => Draw(2 * KvHeads * Width))];
        float[] Token(int sequence, int token) => rows[(sequence * (Before + New)) + token];
        _net.Append(Tensor([.. Enumerable.Range(0, Sequences).SelectMany(s => Enumerable.Range(0, Before).Select(t => Token(s, t)))]), cache);
        _net.Append(Tensor([.. Enumerable.Range(0, Sequences).SelectMany(s => Enumerable.Range(Before, New).Select(t => Token(s, t)))]), cache);
        float[][] queries = [.. Enumerable.Range(0, Sequences * New).Select(_ => Draw(Heads * Width))];
        CpuTensor attended = _net.Attend(Tensor(queries), Heads, cache, pattern);
        CpuTensor scores = _net.Scores(Tensor(queries), Heads, cache, pattern);
        double[,] mean = new double[Sequences * KvHeads, Before + New];
        for (int row = 0; row < queries.Length; row++)
        {
            (int sequence, int query) = Math.DivRem(row, New);
            for (int head = 0; head < Heads; head++)
            {
                int kv = head / (Heads / KvHeads);
                double[] weights = [.. Enumerable.Range(0, Before + New).Select(token => Sees(query, token)
                    ? Math.Exp(Enumerable.Range(0, Width).Sum(c => (double)queries[row][(head * Width) + c] * Token(sequence, token)[(kv * Width) + c]) / Math.Sqrt(Width))
                    : 0)];
                for (int token = 0; token < weights.Length; token++)
                {
                    mean[(sequence * KvHeads) + kv, token] += weights[token] / weights.Sum() / (New * (Heads / KvHeads));
                }

                for (int column = 0; column < Width; column++)
                {
                    double expected = Enumerable.Range(0, weights.Length).Sum(token => weights[token] * Token(sequence, token)[((KvHeads + kv) * Width) + column]) / weights.Sum();
                    Assert.Equal(expected, attended.Row(row)[(head * Width) + column], 1e-5);
                }
            }
        }

        for (int stream = 0; stream < Sequences * KvHeads; stream++)
        {
            for (int token = 0; token < Before + New; token++)
            {
                Assert.Equal(mean[stream, token], scores.Row(stream)[token], 1e-5);
            }
        }
    }

    [Fact]
    public void Kept_and_copied_tokens_are_those_asked_for()
    {
        KeyValueShape shape = new(2, 3, DataType.Fp32);
        KeyValues cache = _net.CreateKeyValues(shape, 2, 8);
        KeyValues other = _net.CreateKeyValues(shape, 2, 8);
        _net.Append(Tensor([.. Enumerable.Range(0, 12).Select(row => Enumerable.Range(0, 12).Select(column => (float)((row * 100) + column)).ToArray())]), cache);
        _net.CopyTokens(cache, [5, 0], 2, other);
        _net.CopyTokens(cache, [1, 2, 3, 4], 1, other);
        CpuKeyValues copied = Assert.IsType<CpuKeyValues>(other);
        Assert.Equal(3, other.Length);
        Assert.Equal(503, copied.Key(0, 1, 0)[0]);
        Assert.Equal(609, copied.Value(1, 1, 1)[0]);
        Assert.Equal([100f, 203, 900, 1003], [copied.Key(0, 0, 2)[0], copied.Key(0, 1, 2)[0], copied.Key(1, 0, 2)[0], copied.Key(1, 1, 2)[0]]);
        _net.Keep(cache, [0, 2, 5]);
        CpuKeyValues kept = Assert.IsType<CpuKeyValues>(cache);
        Assert.Equal((3, 6), (cache.Length, cache.Peak));
        Assert.Equal([0f, 200, 500], [kept.Key(0, 0, 0)[0], kept.Key(0, 0, 1)[0], kept.Key(0, 0, 2)[0]]);
        Assert.Equal(1106, kept.Value(1, 0, 2)[0]);
    }

    [Fact]
    public void Elementwise_operations_follow_their_formulas()
    {
        float[][] x = [Draw(5), Draw(5), Draw(5), Draw(5)];
        float[][] scale = [Draw(5), Draw(5)];
        float[][] shift = [Draw(5), Draw(5)];
        CpuTensor modulated = _net.Modulate(Tensor(x), Tensor(scale), Tensor(shift));
        CpuTensor mixed = _net.Mix(Tensor(x), [0.25f, 0.75f, 2, -1], 2);
        CpuTensor joined = _net.Join(Tensor(x), Tensor(x[..2]) is var pair ? _net.Rows(pair, [0, 1, 0, 1], OperatorRole.Other) : default, OperatorRole.Other);
        CpuTensor squared = _net.Activate(Tensor(x), ActivationKind.SquaredRelu, OperatorRole.Other);
        CpuTensor silu = _net.Activate(Tensor(x), ActivationKind.Silu, OperatorRole.Other);
        CpuTensor softmax = _net.Softmax(Tensor(x), OperatorRole.Other);
        for (int row = 0; row < 4; row++)
        {
            for (int column = 0; column < 5; column++)
            {
                double value = x[row][column];
                Assert.Equal((value * (1 + scale[row / 2][column])) + shift[row / 2][column], modulated.Row(row)[column], 1e-5);
                Assert.Equal(Math.Pow(Math.Max(0, value), 2), squared.Row(row)[column], 1e-5);
                Assert.Equal(value / (1 + Math.Exp(-value)), silu.Row(row)[column], 1e-5);
                Assert.Equal(Math.Exp(value) / x[row].Sum(other => Math.Exp(other)), softmax.Row(row)[column], 1e-5);
                Assert.Equal(x[row % 2][column], joined.Row(row)[5 + column]);
            }
        }

        for (int column = 0; column < 5; column++)
        {
            Assert.Equal((0.25 * x[0][column]) + (0.75 * x[1][column]), mixed.Row(0)[column], 1e-5);
            Assert.Equal((2 * x[2][column]) - x[3][column], mixed.Row(1)[column], 1e-5);
        }
    }

    [Fact]
    public void What_is_held_outlives_its_block()
    {
        CpuTensor held = _net.Hold(Tensor([[1, 2], [3, 4]]));
        for (int block = 0; block < 4; block++)
        {
            _net.BeginBlock();
            Tensor([Draw(2), Draw(2)]);
        }

        Assert.Equal([3f, 4f], held.Row(1).ToArray());
    }

    private static HashSet<int> Ancestors(int[] parents, int node)
    {
        HashSet<int> all = [];
        for (; node >= 0; node = parents[node])
        {
            all.Add(node);
        }

        return all;
    }

    private float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(_random.NextDouble() - 0.5) * 2)];

    private CpuTensor Tensor(float[][] rows) => _net.Input(rows.Length, rows[0].Length, [.. rows.SelectMany(row => row)]);
}
