using System.Numerics;
using CsCheck;
using PimSim.Traces.Cuda.Memory;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Operators;

/// <summary>Fourier transforms against the sums of their definition in double precision.</summary>
public class FourierTests
{
    // Powers of two, primes, and what is neither.
    private static readonly Gen<int> Length = Gen.OneOf(Gen.Int[1, 40], Gen.Int[0, 7].Select(power => 1 << power), Gen.OneOf(97, 90, 147));

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void Rows_are_transformed_as_the_definition_says(string name) => Gen.Select(Length, Gen.Int[1, 4], Gen.Int).Sample(name, (length, rows, seed) =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        double[,] input = Close.Random(new Random(seed), rows, length);
        float[,] result = data.Read(operators.FftChannels(data.Tensor(input), OperatorRole.Other));
        Assert.Equal((rows, 2 * ((length / 2) + 1)), (result.GetLength(0), result.GetLength(1)));
        for (int row = 0; row < rows; row++)
        {
            Compare([.. Enumerable.Range(0, length).Select(column => input[row, column])], k => new Complex(result[row, 2 * k], result[row, (2 * k) + 1]));
        }
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void Tokens_of_each_sequence_are_transformed_channel_by_channel(string name) => Gen.Select(Length, Gen.Int[1, 3], Gen.Select(Gen.Int[1, 5], Gen.Int)).Sample(name, (length, sequences, more) =>
    {
        (int channels, int seed) = more;
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        double[,] input = Close.Random(new Random(seed), sequences * length, channels);
        float[,] result = data.Read(operators.FftTokens(data.Tensor(input), sequences, OperatorRole.Other));
        int kept = (length / 2) + 1;
        Assert.Equal((sequences * kept, 2 * channels), (result.GetLength(0), result.GetLength(1)));
        for (int signal = 0; signal < sequences * channels; signal++)
        {
            (int sequence, int channel) = Math.DivRem(signal, channels);
            Compare(
                [.. Enumerable.Range(sequence * length, length).Select(row => input[row, channel])],
                k => new Complex(result[(sequence * kept) + k, 2 * channel], result[(sequence * kept) + k, (2 * channel) + 1]));
        }
    });

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_view_with_rows_apart_is_transformed_as_its_copy(string name) => Gen.Select(Gen.Int[2, 6], Gen.Int[2, 12], Gen.Int).Sample(name, (groups, columns, seed) =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        CudaTensor view = data.Execution.LastRows(data.Tensor(Close.Random(new Random(seed), 3 * groups, columns)), groups);
        float[] values = new float[groups * columns];
        operators.Read(view, values);
        CudaTensor copy = operators.Load(groups, columns, values);
        Assert.Equal(data.Read(operators.FftTokens(copy, 1, OperatorRole.Other)), data.Read(operators.FftTokens(view, 1, OperatorRole.Other)));
        Assert.Equal(data.Read(operators.FftChannels(copy, OperatorRole.Other)), data.Read(operators.FftChannels(view, OperatorRole.Other)));
    });

    [Fact]
    public void Factors_are_fours_a_two_and_odd_primes_and_make_the_length() => Gen.Int[1, 60_000].Sample(length =>
    {
        using FourierTable table = new(TestDevices.Get(TestDevices.Small), length);
        Assert.Equal(length, table.Factors.Aggregate(1, (product, factor) => product * factor));
        Assert.True(table.Factors.Count(factor => factor == 2) <= 1);
        Assert.All(table.Factors.Where(factor => factor is not 2 and not 4), factor => Assert.DoesNotContain(Enumerable.Range(2, (int)Math.Sqrt(factor)), less => less < factor && factor % less == 0));
    }, iter: 50);

    [Theory]
    [InlineData((1 << 26) + 1)]
    [InlineData(65537)]
    public void Too_long_and_too_large_a_prime_are_refused(int length) =>
        Assert.Contains("is not possible on the backend cuda", Assert.Throws<PimSimUserException>(() => new FourierTable(TestDevices.Get(TestDevices.Small), length)).Message, StringComparison.Ordinal);

    // Each factor p adds p products of a rounded root to every number. A product and its place in the sum are off by p + 4 roundings at most,
    // for the real and the imaginary part together by sqrt(2) more, and later factors pass that on with roots of magnitude 1.
    private static void Compare(double[] signal, Func<int, Complex> result)
    {
        int length = signal.Length;
        using FourierTable table = new(TestDevices.Get(TestDevices.Small), length);
        double bound = Math.Sqrt(2) * (1 + table.Factors.Sum(factor => factor + 4)) * Close.Epsilon * signal.Sum(Math.Abs);
        for (int k = 0; k <= length / 2; k++)
        {
            Complex expected = Complex.Zero;
            for (int n = 0; n < length; n++)
            {
                expected += signal[n] * Complex.FromPolarCoordinates(1, -2 * Math.PI * ((long)k * n % length) / length);
            }

            double error = (expected - result(k)).Magnitude;
            Assert.True(error <= bound, $"number {k} of {length} is off by {error}, {bound} allowed");
        }
    }
}
