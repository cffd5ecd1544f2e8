using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;
using PimSim.Traces.Training.Optimisation;
using Xunit;

namespace PimSim.Traces.Training.Tests.Model;

/// <summary>Every tensor's gradient against the central difference of the loss, in double precision.</summary>
public class GradientTests
{
    private const double Distance = 1e-5;

    // Widths that no vector divides and more rows than a block of attention; then widths of whole vectors.
    private static readonly DecoderConfiguration Odd = new() { Layers = 2, Hidden = 13, Heads = 4, KvHeads = 2, HeadDim = 6, Ffn = 19, Context = 70, Vocabulary = 23, NormEpsilon = 1e-3 };

    private static readonly DecoderConfiguration Even = new() { Layers = 2, Hidden = 32, Heads = 3, KvHeads = 1, HeadDim = 32, Ffn = 48, Context = 24, Vocabulary = 48 };

    public static TheoryData<string, string> Tensors
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach ((string name, DecoderConfiguration model) in new[] { ("odd", Odd), ("even", Even) })
            {
                foreach (ParameterTensor tensor in new ParameterLayout(model).Tensors)
                {
                    data.Add(name, tensor.Name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Tensors))]
    public void The_gradient_of_a_tensor_is_the_slope_of_the_loss(string name, string tensorName)
    {
        DecoderConfiguration model = name == "odd" ? Odd : Even;
        ParameterTensor tensor = new ParameterLayout(model).Tensors.Single(tensor => tensor.Name == tensorName);
        SeededRandom random = new(17);
        double[] parameters = Weights(model, random);
        int[] tokens = [.. Enumerable.Range(0, model.Context).Select(_ => random.Next(model.Vocabulary))];
        int[] targets = [.. Enumerable.Range(0, model.Context).Select(row => row % 7 == 3 ? -1 : random.Next(model.Vocabulary))];
        double[] gradient = new double[parameters.Length];
        SequencePass<double> pass = new(model);
        double loss = pass.AddGradient(parameters, tokens, targets, 1, gradient);
        Assert.Equal(loss, pass.Loss(parameters, tokens, targets), 1e-9);
        double scale = Math.Sqrt(gradient.AsSpan(tensor.Range).ToArray().Average(value => value * value));
        Assert.True(scale > 1e-4, $"the gradient of {tensorName} is too small to be tested");

        for (int sample = 0; sample < 12; sample++)
        {
            int at = tensor.Offset + random.Next(tensor.Length);
            double slope = (LossAt(at, Distance) - LossAt(at, -Distance)) / (2 * Distance);
            Assert.True(Math.Abs(slope - gradient[at]) < 1e-6 * (scale + Math.Abs(slope)) + 1e-8, $"{tensorName}[{at - tensor.Offset}]: slope {slope}, gradient {gradient[at]}");
        }

        double LossAt(int at, double distance)
        {
            double before = parameters[at];
            parameters[at] += distance;
            double value = pass.Loss(parameters, tokens, targets);
            parameters[at] = before;
            return value;
        }
    }

    [Fact]
    public void Single_precision_agrees_with_double()
    {
        SeededRandom random = new(3);
        double[] parameters = Weights(Even, random);
        int[] tokens = [.. Enumerable.Range(0, Even.Context + 1).Select(_ => random.Next(Even.Vocabulary))];
        double[] gradient = new double[parameters.Length];
        float[] single = new float[parameters.Length];
        double loss = new SequencePass<double>(Even).AddGradient(parameters, tokens.AsSpan(0, Even.Context), tokens.AsSpan(1), 1, gradient);
        double singleLoss = new SequencePass<float>(Even).AddGradient([.. parameters.Select(value => (float)value)], tokens.AsSpan(0, Even.Context), tokens.AsSpan(1), 1, single);
        Assert.Equal(loss, singleLoss, loss * 1e-5);
        double length = Math.Sqrt(gradient.Sum(value => value * value));
        double error = Math.Sqrt(gradient.Zip(single, (exact, rounded) => (exact - rounded) * (exact - rounded)).Sum());
        Assert.True(error < 1e-5 * length, $"error {error} of {length}");
    }

    private static double[] Weights(DecoderConfiguration model, SeededRandom random)
    {
        double[] weights = InitialWeights.Draw<double>(model, random);
        for (int i = 0; i < weights.Length; i++)
        {
            // Larger than at the start of a training, so that softmax, gates and norms bend.
            weights[i] = (1.5 * weights[i]) + (0.2 * random.NextGaussian());
        }

        return weights;
    }
}
