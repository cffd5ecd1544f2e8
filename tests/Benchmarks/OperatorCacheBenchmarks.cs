using BenchmarkDotNet.Attributes;
using PimSim.Devices;
using PimSim.Traces.Format.Operators;

namespace PimSim.Benchmarks;

/// <summary>Finding the cost of a known operator. The mean is per look-up, over operators in no order.</summary>
[MemoryDiagnoser]
public class OperatorCacheBenchmarks
{
    private const int LookUps = 4096;

    private readonly Operator[] _operators = new Operator[LookUps];
    private OperatorCostCache<OperatorCost> _cache = new();

    /// <summary>Operators known: 16 of a layer of one step, 4096 of a batch whose contexts grow, 65536 beyond the processor's caches.</summary>
    [Params(16, 4096, 65536)]
    public int Known { get; set; }

    /// <summary>Fills the cache.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        Random random = new(1);
        _cache = new OperatorCostCache<OperatorCost>();
        Operator[] known = new Operator[Known];
        for (int i = 0; i < Known; i++)
        {
            known[i] = new Operator
            {
                Kind = i % 2 == 0 ? OperatorKind.Gemm : OperatorKind.Attention,
                Role = OperatorRole.FfnUp,
                Phase = Phase.Decode,
                Rows = 1 + (i % 8),
                Inputs = 4096,
                Outputs = 4096,
                Sequences = 1,
                Heads = 32,
                KvHeads = 8,
                HeadDim = 128,
                Context = 8 + (i / 8),
            };
            _cache.Set(known[i], OperatorCost.Of(known[i]));
        }

        for (int i = 0; i < LookUps; i++)
        {
            _operators[i] = known[random.Next(Known)];
        }
    }

    /// <summary>Finds them all.</summary>
    [Benchmark(OperationsPerInvoke = LookUps)]
    public long Find()
    {
        long sum = 0;
        foreach (ref readonly Operator op in _operators.AsSpan())
        {
            _cache.TryGet(op, out OperatorCost cost);
            sum += cost.Flops;
        }

        return sum;
    }
}
