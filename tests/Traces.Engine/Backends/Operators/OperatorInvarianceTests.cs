using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Operators;

/// <summary>What holds for all operators on the processor: threads change no bit, and what is repeated allocates nothing.</summary>
public class OperatorInvarianceTests
{
    private const int Rows = 96;
    private const int Columns = 384;
    private static readonly float[] Values = RandomTensor.Values(new Random(1), Rows * Columns);
    private static readonly int[] Numbers = RandomTensor.Permutation(new Random(2), Rows);
    private static readonly ConvolutionWeights Kernel = new(RandomTensor.Weights(new Random(3), DataType.Bf16, 80, 3 * Columns), 3, 2, 1, bias: RandomTensor.Values(new Random(4), 80));
    private static readonly ConvolutionWeights Filters = new(RandomTensor.Weights(new Random(5), DataType.Fp32, Columns, 4), 4, 1, 3, depthwise: true);
    private static readonly WeightTensor Matrix = RandomTensor.Weights(new Random(6), DataType.Int8, 500, Columns);
    private static readonly SparseWeights Sparse = ProductTests.Compress([.. RandomTensor.Values(new Random(7), 400 * Columns).Select(value => value > 1 ? (double)value : 0).Chunk(Columns)]);
    private readonly int[] _indices = new int[Rows * 7];

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        using CpuOperators single = new(1);
        double[][][] expected = [.. Run(single).Select(RandomTensor.Read)];
        int[] chosen = [.. _indices];
        foreach (int threads in new[] { 2, 3, 7 })
        {
            using CpuOperators operators = new(threads);
            Assert.Equal(expected, [.. Run(operators).Select(RandomTensor.Read)]);
            Assert.Equal(chosen, _indices);
        }
    }

    [Fact]
    public void Beside_a_model_they_share_its_tensors()
    {
        using IModelWeights weights = Reference.Family.Weights("llama");
        using CpuBackend backend = new(weights, 2);
        using CpuOperators alone = new(1);
        backend.BeginBlock();
        CpuTensor embedded = backend.Embed([3, 1, 4, 1]);
        double[][] rows = RandomTensor.Read(embedded);
        Assert.Equal([rows[2], rows[0]], RandomTensor.Read(backend.Operators.Gather(embedded, [2, 0], OperatorRole.Other)));
        CpuTensor older = embedded;
        backend.BeginBlock();
        Assert.Throws<ObjectDisposedException>(() => older.Row(0).Length);
    }

    [Fact]
    public void What_is_repeated_allocates_nothing()
    {
        using CpuOperators operators = new(1);
        for (int warm = 0; warm < 5; warm++)
        {
            All(operators);
        }

        // The runtime recompiles methods in the background; so the least of several runs.
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 10 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            All(operators);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private IEnumerable<CpuTensor> Run(CpuOperators operators)
    {
        foreach (int number in Enumerable.Range(0, 9))
        {
            operators.BeginBlock();
            yield return One(operators, operators.Load(Rows, Columns, Values), number);
        }
    }

    private void All(CpuOperators operators)
    {
        for (int number = 0; number < 9; number++)
        {
            operators.BeginBlock();
            One(operators, operators.Load(Rows, Columns, Values), number);
        }
    }

    private CpuTensor One(CpuOperators operators, CpuTensor x, int number) => number switch
    {
        0 => operators.Convolve(x, 3, Kernel, OperatorRole.Other),
        1 => operators.Convolve(x, 2, Filters, OperatorRole.Other),
        2 => operators.FftChannels(x, OperatorRole.Other),
        3 => operators.FftTokens(x, 2, OperatorRole.Other),
        4 => operators.Gather(x, Numbers, OperatorRole.Other),
        5 => operators.Scatter(operators.Load(Rows, Columns, Values), x, Numbers, OperatorRole.Other),
        6 => operators.TopK(x, 7, _indices, OperatorRole.Other),
        7 => operators.Dequantise(operators.Quantise(x, DataType.Int4, 16)),
        _ => operators.Multiply(operators.Multiply(x, Sparse, OperatorRole.Other), SquareOf400, OperatorRole.Other),
    };

    private static readonly WeightTensor SquareOf400 = RandomTensor.Weights(new Random(8), DataType.Fp16, 400, 400);
}
