using System.Numerics;
using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Operators;

public class FourierTests
{
    // Powers of two, primes and what is neither.
    private static readonly Gen<int> Length = Gen.OneOf(Gen.Int[1, 70], Gen.Int[0, 9].Select(power => 1 << power), Gen.OneOf(97, 257, 300, 509));

    [Fact]
    public void Rows_are_transformed_as_the_definition_says() => Gen.Select(Length, Gen.Int[1, 5], Gen.Int).Sample((length, rows, seed) =>
    {
        using CpuOperators operators = new(2);
        CpuTensor input = RandomTensor.Load(operators, new Random(seed), rows, length);
        CpuTensor result = operators.FftChannels(input, OperatorRole.Other);
        Assert.Equal((rows, 2 * ((length / 2) + 1)), (result.Rows, result.Columns));
        double[][] signals = RandomTensor.Read(input);
        double[][] spectra = RandomTensor.Read(result);
        for (int row = 0; row < rows; row++)
        {
            Compare(signals[row], k => new Complex(spectra[row][2 * k], spectra[row][(2 * k) + 1]));
        }
    });

    [Fact]
    public void Tokens_of_each_sequence_are_transformed_channel_by_channel() => Gen.Select(Length, Gen.Int[1, 3], Gen.Int[1, 5], Gen.Int).Sample((length, sequences, channels, seed) =>
    {
        using CpuOperators operators = new(2);
        CpuTensor input = RandomTensor.Load(operators, new Random(seed), sequences * length, channels);
        CpuTensor result = operators.FftTokens(input, sequences, OperatorRole.Other);
        int perSequence = (length / 2) + 1;
        Assert.Equal((sequences * perSequence, 2 * channels), (result.Rows, result.Columns));
        double[][] signals = RandomTensor.Read(input);
        double[][] spectra = RandomTensor.Read(result);
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                int first = sequence * perSequence;
                Compare(
                    [.. Enumerable.Range(sequence * length, length).Select(row => signals[row][channel])],
                    k => new Complex(spectra[first + k][2 * channel], spectra[first + k][(2 * channel) + 1]));
            }
        }
    });

    [Fact]
    public void A_view_with_rows_apart_is_transformed_as_its_copy() => Gen.Select(Gen.Int[2, 9], Gen.Int[2, 20], Gen.Int).Sample((groups, columns, seed) =>
    {
        using CpuOperators operators = new(1);
        CpuTensor view = RandomTensor.Load(operators, new Random(seed), 3 * groups, columns).LastRows(groups);
        CpuTensor copy = operators.Load(groups, columns, [.. RandomTensor.Read(view).SelectMany(row => row).Select(value => (float)value)]);
        Assert.Equal(RandomTensor.Read(operators.FftTokens(copy, 1, OperatorRole.Other)), RandomTensor.Read(operators.FftTokens(view, 1, OperatorRole.Other)));
        Assert.Equal(RandomTensor.Read(operators.FftChannels(copy, OperatorRole.Other)), RandomTensor.Read(operators.FftChannels(view, OperatorRole.Other)));
    });

    private static void Compare(double[] signal, Func<int, Complex> spectrum)
    {
        int n = signal.Length;
        double magnitudes = signal.Sum(Math.Abs) + 1e-30;
        double energy = 0;
        for (int k = 0; k <= n / 2; k++)
        {
            Complex expected = Complex.Zero;
            for (int index = 0; index < n; index++)
            {
                expected += signal[index] * Complex.FromPolarCoordinates(1, -2 * Math.PI * ((long)k * index % n) / n);
            }

            RandomTensor.AssertClose(expected.Real, magnitudes, spectrum(k).Real);
            RandomTensor.AssertClose(expected.Imaginary, magnitudes, spectrum(k).Imaginary);

            // Numbers between the first and the middle have a mirror image that is not stored.
            energy += (k == 0 || 2 * k == n ? 1 : 2) * Math.Pow(spectrum(k).Magnitude, 2);
        }

        Assert.Equal(1, energy / (n * signal.Sum(value => value * value)), 1e-5);
    }
}
