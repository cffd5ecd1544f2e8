using CsCheck;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Operators;

/// <summary>Rows by their numbers, and the largest values of a row: exact.</summary>
public class RowAndChoiceTests
{
    private static readonly float[] Ranked = [0f, -0f, 1f, 1.5f, -2f, float.PositiveInfinity, float.NegativeInfinity];

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void Gathered_rows_are_the_rows_with_these_numbers(string name) => Gen.Select(Gen.Int[1, 12], Gen.Int[1, 40], Gen.Select(Gen.Int[1, 20], Gen.Int)).Sample(name, (rows, columns, more) =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        Random random = new(more.Item2);
        double[,] input = Close.Random(random, rows, columns);
        int[] numbers = [.. Enumerable.Range(0, more.Item1).Select(_ => random.Next(rows))];
        float[,] result = data.Read(operators.Gather(data.Tensor(input), numbers, OperatorRole.Other));
        double[,] expected = new double[numbers.Length, columns];
        for (int row = 0; row < numbers.Length; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                expected[row, column] = input[numbers[row], column];
            }
        }

        Close.Check(expected, result, (_, _) => 0);
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void Scattered_rows_replace_those_with_these_numbers_and_the_others_stay(string name) => Gen.Select(Gen.Int[1, 12], Gen.Int[1, 40], Gen.Select(Gen.Int[1, 12], Gen.Int)).Sample(name, (rows, columns, more) =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        Random random = new(more.Item2);
        double[,] before = Close.Random(random, rows, columns);
        int[] numbers = [.. Enumerable.Range(0, rows)];
        random.Shuffle(numbers);
        numbers = numbers[..Math.Min(more.Item1, rows)];
        double[,] input = Close.Random(random, numbers.Length, columns);
        CudaTensor target = data.Tensor(before);
        CudaTensor result = operators.Scatter(target, data.Tensor(input), numbers, OperatorRole.Other);
        for (int row = 0; row < numbers.Length; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                before[numbers[row], column] = input[row, column];
            }
        }

        Close.Check(before, data.Read(result), (_, _) => 0);
        Close.Check(before, data.Read(target), (_, _) => 0);
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void The_largest_are_the_first_of_a_stable_sort(string name) =>
        Gen.Select(Gen.Int[1, 4], Gen.OneOf(Gen.Int[1, 12], Gen.Int[1, 300]), Gen.Select(Gen.OneOf(Gen.Int[1, 6], Gen.Const(40)), Gen.Bool, Gen.Int)).Sample(name, (rows, columns, more) =>
        {
            (int count, bool few, int seed) = more;
            count = Math.Min(count, columns);
            using DeviceData data = new(TestDevices.Get(name));
            using CudaOperators operators = new(data.Execution);
            Random random = new(seed);
            double[,] values = Close.Random(random, rows, columns);
            for (int value = 0; few && value < values.Length; value++)
            {
                values[value / columns, value % columns] = Ranked[random.Next(Ranked.Length)];
            }

            int[] indices = new int[rows * count];
            float[,] result = data.Read(operators.TopK(data.Tensor(values), count, indices, OperatorRole.Other));
            for (int row = 0; row < rows; row++)
            {
                int[] sorted = [.. Enumerable.Range(0, columns).OrderByDescending(column => values[row, column]).Take(count)];
                Assert.Equal(sorted, indices[(row * count)..((row + 1) * count)]);
                Assert.Equal(sorted.Select(column => (float)values[row, column]), Enumerable.Range(0, count).Select(rank => result[row, rank]));
            }
        });

    [Theory]
    [MemberData(nameof(Devices))]
    public void What_is_no_number_is_not_ranked_and_the_first_is_named(string name) => Gen.Select(Gen.Int[1, 60], Gen.Int[1, 5], Gen.Int).Sample(name, (columns, faults, seed) =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        Random random = new(seed);
        double[,] values = Close.Random(random, 3, columns);
        int first = int.MaxValue;
        for (int fault = 0; fault < faults; fault++)
        {
            int place = columns + random.Next(2 * columns);
            values[place / columns, place % columns] = double.NaN;
            first = Math.Min(first, place);
        }

        CudaTensor input = data.Tensor(values);
        Assert.Contains(
            $"value {first % columns} of row {first / columns} is not a number",
            Assert.Throws<PimSimUserException>(() => operators.TopK(input, 1, new int[3], OperatorRole.Other)).Message,
            StringComparison.Ordinal);

        // A fault is not remembered.
        operators.TopK(data.Tensor(Close.Random(random, 3, columns)), 1, new int[3], OperatorRole.Other);
    });
}
