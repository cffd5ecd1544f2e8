using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Operators;

public class RowAndChoiceTests
{
    private static readonly float[] Ranked = [0f, -0f, 1f, 1.5f, -2f, float.PositiveInfinity, float.NegativeInfinity];

    [Fact]
    public void Gathered_rows_are_the_rows_with_these_numbers() => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 300], Gen.Int[1, 80], Gen.Int).Sample((rows, columns, count, seed) =>
    {
        Random random = new(seed);
        using CpuOperators operators = new(2);
        CpuTensor input = RandomTensor.Load(operators, random, rows, columns);
        int[] numbers = [.. Enumerable.Range(0, count).Select(_ => random.Next(rows))];
        double[][] all = RandomTensor.Read(input);
        Assert.Equal([.. numbers.Select(number => all[number])], RandomTensor.Read(operators.Gather(input, numbers, OperatorRole.Other)));
    });

    [Fact]
    public void What_is_scattered_is_gathered_again_and_the_other_rows_stay() => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 300], Gen.Int[1, 40], Gen.Int).Sample((rows, columns, count, seed) =>
    {
        Random random = new(seed);
        using CpuOperators operators = new(2);
        CpuTensor target = RandomTensor.Load(operators, random, rows, columns);
        int[] numbers = RandomTensor.Permutation(random, rows)[..Math.Min(count, rows)];
        CpuTensor input = RandomTensor.Load(operators, random, numbers.Length, columns);
        double[][] before = RandomTensor.Read(target);
        CpuTensor result = operators.Scatter(target, input, numbers, OperatorRole.Other);
        double[][] after = RandomTensor.Read(result);
        Assert.Equal(after, RandomTensor.Read(target));
        Assert.Equal(RandomTensor.Read(input), RandomTensor.Read(operators.Gather(result, numbers, OperatorRole.Other)));
        Assert.All(Enumerable.Range(0, rows).Except(numbers), row => Assert.Equal(before[row], after[row]));
    });

    [Fact]
    public void A_permutation_gathered_and_scattered_back_is_what_it_was() => Gen.Select(Gen.Int[1, 60], Gen.Int[1, 40], Gen.Int).Sample((rows, columns, seed) =>
    {
        Random random = new(seed);
        using CpuOperators operators = new(1);
        CpuTensor input = RandomTensor.Load(operators, random, rows, columns);
        CpuTensor target = RandomTensor.Load(operators, random, rows, columns);
        int[] permutation = RandomTensor.Permutation(random, rows);
        CpuTensor permuted = operators.Gather(input, permutation, OperatorRole.Other);
        Assert.Equal(RandomTensor.Read(input), RandomTensor.Read(operators.Scatter(target, permuted, permutation, OperatorRole.Other)));
    });

    [Fact]
    public void What_was_scattered_last_outlives_its_block_whenever_its_target_was_made()
    {
        using CpuOperators operators = new(1);
        foreach (int blocks in new[] { 0, 1 })
        {
            operators.BeginBlock();
            CpuTensor target = operators.Load(2, 1, [1, 2]);
            for (int block = 0; block < blocks; block++)
            {
                operators.BeginBlock();
            }

            CpuTensor result = operators.Scatter(target, operators.Load(1, 1, [3]), [1], OperatorRole.Other);
            operators.BeginBlock();
            operators.Load(2, 1, [8, 9]);
            Assert.Equal([[1], [3]], RandomTensor.Read(result));
            operators.BeginBlock();
            Assert.Throws<ObjectDisposedException>(() => result.Row(0).Length);
        }
    }

    [Fact]
    public void The_largest_are_the_first_of_a_stable_sort() =>
        Gen.Select(Gen.Int[1, 6], Gen.OneOf(Gen.Int[1, 12], Gen.Int[1, 3000]), Gen.Double[0, 1], Gen.Bool, Gen.Int).Sample((rows, columns, share, few, seed) =>
        {
            Random random = new(seed);
            int count = Math.Max(1, (int)(columns * share));
            float[] values = few ? [.. Enumerable.Range(0, rows * columns).Select(_ => Ranked[random.Next(Ranked.Length)])] : RandomTensor.Values(random, rows * columns);
            using CpuOperators operators = new(2);
            int[] indices = new int[rows * count];
            CpuTensor result = operators.TopK(operators.Load(rows, columns, values), count, indices, OperatorRole.Other);
            for (int row = 0; row < rows; row++)
            {
                float[] candidates = values[(row * columns)..((row + 1) * columns)];
                int[] sorted = [.. Enumerable.Range(0, columns).OrderByDescending(column => candidates[column]).Take(count)];
                Assert.Equal(sorted, indices[(row * count)..((row + 1) * count)]);
                Assert.Equal(sorted.Select(column => candidates[column]), result.Row(row).ToArray());
            }
        });

    [Fact]
    public void What_is_no_number_is_not_ranked() => Gen.Select(Gen.Int[1, 30], Gen.Int[1, 30], Gen.Int).Sample((columns, count, seed) =>
    {
        Random random = new(seed);
        float[] values = RandomTensor.Values(random, 2 * columns);
        values[columns + random.Next(columns)] = float.NaN;
        using CpuOperators operators = new(2);
        CpuTensor input = operators.Load(2, columns, values);
        count = Math.Min(count, columns);
        Assert.Contains("of row 1 is not a number", Assert.Throws<PimSimUserException>(() => operators.TopK(input, count, new int[2 * count], OperatorRole.Other)).Message, StringComparison.Ordinal);
    });
}
