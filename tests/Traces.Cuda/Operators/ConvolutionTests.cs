using CsCheck;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Operators;

/// <summary>Convolutions against their nested loops in double precision.</summary>
public class ConvolutionTests
{
    private sealed record Case(int Seed, DataType Type, int Sequences, int Tokens, int Taps, int Stride, int Padding, int Inputs, int Outputs, bool Depthwise, bool Bias);

    private static readonly Gen<Case> Any =
        from seed in Gen.Int
        from type in PackedWeights.AnyType
        from sizes in Gen.Select(Gen.Int[1, 3], Gen.Int[1, 20], Gen.Int[1, 6], Gen.Int[1, 4], Gen.Int[0, 5])
        from channels in Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20])
        from flags in Gen.Select(Gen.Bool, Gen.Bool)
        let padding = Math.Min(sizes.Item5, sizes.Item3 - 1)
        let tokens = Math.Max(sizes.Item2, sizes.Item3 - (2 * padding))
        select new Case(
            seed, type, sizes.Item1, tokens, sizes.Item3, sizes.Item4, padding, channels.Item1, flags.Item1 ? channels.Item1 : channels.Item2, flags.Item1, flags.Item2);

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_convolution_is_its_nested_loops(string name) => Any.Sample(name, c =>
    {
        using DeviceData data = new(TestDevices.Get(name));
        using CudaOperators operators = new(data.Execution);
        Random random = new(c.Seed);
        double[,] input = Close.Random(random, c.Sequences * c.Tokens, c.Inputs);
        var kernel = PackedWeights.Random(random, c.Type, c.Outputs, c.Depthwise ? c.Taps : c.Taps * c.Inputs);
        float[] bias = c.Bias ? [.. Enumerable.Range(0, c.Outputs).Select(_ => (float)random.NextDouble())] : [];
        ConvolutionWeights weights = new(kernel.Tensor, c.Taps, c.Stride, c.Padding, c.Depthwise, bias);
        CudaTensor result = operators.Convolve(data.Tensor(input), c.Sequences, weights, OperatorRole.Other);

        int results = ((c.Tokens + (2 * c.Padding) - c.Taps) / c.Stride) + 1;
        double[,] expected = new double[c.Sequences * results, c.Outputs];
        double[,] magnitudes = new double[c.Sequences * results, c.Outputs];
        for (int row = 0; row < expected.GetLength(0); row++)
        {
            for (int output = 0; output < c.Outputs; output++)
            {
                Add(c.Bias ? bias[output] : 0);
                for (int tap = 0; tap < c.Taps; tap++)
                {
                    int token = (row % results * c.Stride) + tap - c.Padding;
                    for (int channel = c.Depthwise ? output : 0; channel < (c.Depthwise ? output + 1 : c.Inputs) && token >= 0 && token < c.Tokens; channel++)
                    {
                        Add(input[(row / results * c.Tokens) + token, channel] * kernel.Values[output, c.Depthwise ? tap : (tap * c.Inputs) + channel]);
                    }
                }

                void Add(double term)
                {
                    expected[row, output] += term;
                    magnitudes[row, output] += Math.Abs(term);
                }
            }
        }

        // As a product: its terms, and a rounding of each with a scale.
        Close.Check(expected, data.Read(result), (row, output) => (kernel.Tensor.Columns + 4) * Close.Epsilon * magnitudes[row, output]);
    });
}
