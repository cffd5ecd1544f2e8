using CsCheck;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Operators;

/// <summary>Dense, low-rank and sparse products with weights that come with the call, against loops in double precision.</summary>
public class ProductTests
{
    private static readonly Gen<(int Rows, int Inputs, int Outputs)> Sizes = Gen.Select(Gen.Int[1, 11], Gen.Int[1, 40], Gen.Int[1, 30]);

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_product_is_the_sum_of_products_of_what_is_stored(string name) => Gen.Select(Sizes, PackedWeights.AnyType, Gen.Int).Sample(name, (sizes, type, seed) =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        Random random = new(seed);
        var weights = PackedWeights.Random(random, type, sizes.Outputs, sizes.Inputs);
        double[,] input = Close.Random(random, sizes.Rows, sizes.Inputs);
        CudaTensor result = operators.Multiply(data.Tensor(input), weights.Tensor, OperatorRole.Other);
        (double[,] expected, double[,] magnitudes) = Product(input, weights.Values);
        Close.Check(expected, data.Read(result), (row, output) => (sizes.Inputs + 3) * Close.Epsilon * magnitudes[row, output]);
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_product_of_low_rank_is_one_product_after_the_other(string name) => Gen.Select(Sizes, PackedWeights.AnyType, Gen.Select(Gen.Int[1, 8], Gen.Int)).Sample(name, (sizes, type, more) =>
    {
        (int rank, int seed) = more;
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        Random random = new(seed);
        var down = PackedWeights.Random(random, type, rank, sizes.Inputs);
        var up = PackedWeights.Random(random, type, sizes.Outputs, rank);
        double[,] input = Close.Random(random, sizes.Rows, sizes.Inputs);
        IOperatorBackend<CudaTensor, CudaQuantised> all = operators;
        CudaTensor result = all.MultiplyLowRank(data.Tensor(input), down.Tensor, up.Tensor, OperatorRole.Other);
        (double[,] between, double[,] betweenMagnitudes) = Product(input, down.Values);
        (double[,] expected, _) = Product(between, up.Values);
        (_, double[,] magnitudes) = Product(betweenMagnitudes, up.Values);
        Close.Check(expected, data.Read(result), (row, output) => (sizes.Inputs + rank + 6) * Close.Epsilon * magnitudes[row, output]);
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_sparse_product_is_the_product_with_a_matrix_full_of_zeros(string name) => Gen.Select(Sizes, Gen.Double[0, 1], Gen.Int).Sample(name, (sizes, density, seed) =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        Random random = new(seed);
        double[,] matrix = Close.Random(random, sizes.Outputs, sizes.Inputs);
        List<int> starts = [0];
        List<int> columns = [];
        List<float> values = [];
        for (int output = 0; output < sizes.Outputs; output++)
        {
            for (int column = 0; column < sizes.Inputs; column++)
            {
                if (random.NextDouble() < density)
                {
                    columns.Add(column);
                    values.Add((float)matrix[output, column]);
                }
                else
                {
                    matrix[output, column] = 0;
                }
            }

            starts.Add(values.Count);
        }

        SparseWeights sparse = new(sizes.Inputs, starts.ToArray(), columns.ToArray(), values.ToArray());
        double[,] input = Close.Random(random, sizes.Rows, sizes.Inputs);
        CudaTensor result = operators.Multiply(data.Tensor(input), sparse, OperatorRole.Other);
        (double[,] expected, double[,] magnitudes) = Product(input, matrix);
        Close.Check(expected, data.Read(result), (row, output) => (sizes.Inputs + 1) * Close.Epsilon * magnitudes[row, output]);
    });

    private static (double[,] Sums, double[,] Magnitudes) Product(double[,] input, double[,] matrix)
    {
        double[,] sums = new double[input.GetLength(0), matrix.GetLength(0)];
        double[,] magnitudes = new double[input.GetLength(0), matrix.GetLength(0)];
        for (int row = 0; row < sums.GetLength(0); row++)
        {
            for (int output = 0; output < sums.GetLength(1); output++)
            {
                for (int column = 0; column < matrix.GetLength(1); column++)
                {
                    sums[row, output] += input[row, column] * matrix[output, column];
                    magnitudes[row, output] += Math.Abs(input[row, column] * matrix[output, column]);
                }
            }
        }

        return (sums, magnitudes);
    }
}
