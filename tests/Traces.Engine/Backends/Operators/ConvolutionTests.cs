using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Operators;

public class ConvolutionTests
{
    [Fact]
    public void A_convolution_is_its_nested_loops() =>
        Gen.Select(Gen.Select(Gen.Int[1, 3], Gen.Int[1, 40], Gen.Int[1, 9]), Gen.Int[1, 5], Gen.Int[0, 8], Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40]), Gen.Select(Gen.Bool, Gen.Bool), StorageTypes.Any, Gen.Int).Sample(
            (sizes, stride, padding, channels, flags, type, seed) =>
            {
                (int sequences, int length, int taps) = sizes;
                (bool depthwise, bool biased) = flags;
                padding = Math.Min(padding, taps - 1);
                int tokens = Math.Max(length, taps - (2 * padding));
                int outputs = depthwise ? channels.Item1 : channels.Item2;
                Random random = new(seed);
                WeightTensor kernel = RandomTensor.Weights(random, type, outputs, depthwise ? taps : taps * channels.Item1);
                float[] bias = biased ? RandomTensor.Values(random, outputs) : [];
                using CpuOperators operators = new(2);
                CpuTensor input = RandomTensor.Load(operators, random, sequences * tokens, channels.Item1);
                CpuTensor result = operators.Convolve(input, sequences, new ConvolutionWeights(kernel, taps, stride, padding, depthwise, bias), OperatorRole.Other);
                Compare(RandomTensor.Read(input), ReferenceWeights.Read(kernel), bias, (sequences, taps, stride, padding, depthwise), RandomTensor.Read(result));
            });

    [Fact]
    public void A_kernel_of_one_tap_is_a_product() => Gen.Select(Gen.Int[1, 20], Gen.Int[1, 30], Gen.Int[1, 30], Gen.Int).Sample((rows, inputs, outputs, seed) =>
    {
        Random random = new(seed);
        WeightTensor matrix = RandomTensor.Weights(random, DataType.Fp32, outputs, inputs);
        using CpuOperators operators = new(1);
        CpuTensor input = RandomTensor.Load(operators, random, rows, inputs);
        Assert.Equal(
            RandomTensor.Read(operators.Multiply(input, matrix, OperatorRole.Other)),
            RandomTensor.Read(operators.Convolve(input, 1, new ConvolutionWeights(matrix, 1), OperatorRole.Other)));
    });

    private static void Compare(double[][] input, double[][] kernel, float[] bias, (int Sequences, int Taps, int Stride, int Padding, bool Depthwise) how, double[][] result)
    {
        int tokens = input.Length / how.Sequences;
        int row = 0;
        for (int sequence = 0; sequence < how.Sequences; sequence++)
        {
            for (int first = -how.Padding; first + how.Taps <= tokens + how.Padding; first += how.Stride, row++)
            {
                Assert.Equal(kernel.Length, result[row].Length);
                for (int output = 0; output < kernel.Length; output++)
                {
                    double sum = bias.Length > 0 ? bias[output] : 0;
                    double magnitudes = Math.Abs(sum);
                    for (int tap = 0; tap < how.Taps; tap++)
                    {
                        for (int channel = how.Depthwise ? output : 0; channel < (how.Depthwise ? output + 1 : input[0].Length); channel++)
                        {
                            int token = first + tap;
                            double value = token < 0 || token >= tokens ? 0 : input[(sequence * tokens) + token][channel];
                            double product = value * kernel[output][how.Depthwise ? tap : (tap * input[0].Length) + channel];
                            sum += product;
                            magnitudes += Math.Abs(product);
                        }
                    }

                    RandomTensor.AssertClose(sum, magnitudes, result[row][output]);
                }
            }
        }

        Assert.Equal(row, result.Length);
    }
}
