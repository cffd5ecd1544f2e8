using CsCheck;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Operators;

public class ProductTests
{
    [Fact]
    public void A_product_of_low_rank_is_the_product_with_the_product() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 40], Gen.Int[1, 8], Gen.Int[1, 40], StorageTypes.Any, Gen.Int).Sample((rows, inputs, rank, outputs, type, seed) =>
        {
            Random random = new(seed);
            WeightTensor down = RandomTensor.Weights(random, type, rank, inputs);
            WeightTensor up = RandomTensor.Weights(random, type, outputs, rank);
            using CpuOperators operators = new(2);
            CpuTensor input = RandomTensor.Load(operators, random, rows, inputs);
            CpuTensor result = ((IOperatorBackend<CpuTensor, CpuQuantised>)operators).MultiplyLowRank(input, down, up, OperatorRole.Other);
            (double[][] a, double[][] b) = (ReferenceWeights.Read(down), ReferenceWeights.Read(up));
            double[][] product = [.. b.Select(row => Enumerable.Range(0, inputs).Select(column => Enumerable.Range(0, rank).Sum(r => row[r] * a[r][column])).ToArray())];
            double[][] magnitudes = [.. b.Select(row => Enumerable.Range(0, inputs).Select(column => Enumerable.Range(0, rank).Sum(r => Math.Abs(row[r] * a[r][column]))).ToArray())];
            Compare(RandomTensor.Read(input), product, magnitudes, RandomTensor.Read(result));
        });

    [Fact]
    public void A_sparse_product_is_the_product_with_a_matrix_full_of_zeros() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 60], Gen.Int[1, 200], Gen.Double[0, 1], Gen.Int).Sample((rows, inputs, outputs, density, seed) =>
        {
            Random random = new(seed);
            double[][] dense = [.. Enumerable.Range(0, outputs).Select(_ => RandomTensor.Values(random, inputs).Select(value => random.NextDouble() < density ? (double)value : 0).ToArray())];
            SparseWeights sparse = Compress(dense);
            Assert.Equal((outputs, inputs, dense.Sum(row => row.Count(value => value != 0))), (sparse.Rows, sparse.Columns, sparse.Nonzeros));
            using CpuOperators operators = new(2);
            CpuTensor input = RandomTensor.Load(operators, random, rows, inputs);
            double[][] magnitudes = [.. dense.Select(row => row.Select(Math.Abs).ToArray())];
            Compare(RandomTensor.Read(input), dense, magnitudes, RandomTensor.Read(operators.Multiply(input, sparse, OperatorRole.Other)));
        });

    [Fact]
    public void A_sparse_matrix_that_contradicts_itself_is_refused()
    {
        Action[] wrong =
        [
            () => _ = new SparseWeights(2, new[] { 0 }, default, default),
            () => _ = new SparseWeights(0, new[] { 0, 0 }, default, default),
            () => _ = new SparseWeights(2, new[] { 1, 1 }, new[] { 0 }, new[] { 1f }),
            () => _ = new SparseWeights(2, new[] { 0, 2 }, new[] { 0 }, new[] { 1f }),
            () => _ = new SparseWeights(2, new[] { 0, 1 }, new[] { 0, 1 }, new[] { 1f }),
            () => _ = new SparseWeights(2, new[] { 0, 1 }, new[] { 2 }, new[] { 1f }),
            () => _ = new SparseWeights(2, new[] { 0, 1 }, new[] { -1 }, new[] { 1f }),
            () => _ = new SparseWeights(2, new[] { 0, 2 }, new[] { 1, 0 }, new[] { 1f, 2f }),
            () => _ = new SparseWeights(2, new[] { 0, 2 }, new[] { 1, 1 }, new[] { 1f, 2f }),
            () => _ = new SparseWeights(2, new[] { 0, 2, 1, 2 }, new[] { 0, 1 }, new[] { 1f, 2f }),
            () => _ = new SparseWeights(2, new[] { 0, 9, 2 }, new[] { 0, 1 }, new[] { 1f, 2f }),
            () => SparseWeights.OfShape(DataType.Fp16, 2, 2, 5),
        ];
        Assert.All(wrong, action => Assert.ThrowsAny<ArgumentException>(action));
    }

    internal static SparseWeights Compress(double[][] dense)
    {
        List<int> starts = [0];
        List<int> columns = [];
        List<float> values = [];
        foreach (double[] row in dense)
        {
            for (int column = 0; column < row.Length; column++)
            {
                if (row[column] != 0)
                {
                    columns.Add(column);
                    values.Add((float)row[column]);
                }
            }

            starts.Add(values.Count);
        }

        return new SparseWeights(dense[0].Length, starts.ToArray(), columns.ToArray(), values.ToArray());
    }

    private static void Compare(double[][] input, double[][] matrix, double[][] magnitudes, double[][] result)
    {
        Assert.Equal(input.Length, result.Length);
        for (int row = 0; row < input.Length; row++)
        {
            Assert.Equal(matrix.Length, result[row].Length);
            for (int output = 0; output < matrix.Length; output++)
            {
                RandomTensor.AssertClose(
                    input[row].Zip(matrix[output], (x, w) => x * w).Sum(),
                    input[row].Zip(magnitudes[output], (x, w) => Math.Abs(x) * w).Sum(),
                    result[row][output]);
            }
        }
    }
}
