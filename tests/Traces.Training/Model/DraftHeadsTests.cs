using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;
using Xunit;

namespace PimSim.Traces.Training.Tests.Model;

/// <summary>The draft heads against their formula and their gradient against the slope of the loss.</summary>
public class DraftHeadsTests
{
    private static readonly DecoderConfiguration Tiny = new() { Layers = 1, Hidden = 11, Heads = 1, KvHeads = 1, HeadDim = 4, Ffn = 8, Context = 9, Vocabulary = 14 };

    [Fact]
    public void The_gradient_is_the_slope_of_the_loss()
    {
        SeededRandom random = new(5);
        double[] head = Draw(random, DraftHeads<double>.LengthOf(Tiny));
        double[] states = Draw(random, Tiny.Context * Tiny.Hidden);
        double[] outputHead = Draw(random, Tiny.Vocabulary * Tiny.Hidden);
        int[] targets = [.. Enumerable.Range(0, Tiny.Context).Select(_ => random.Next(Tiny.Vocabulary))];
        DraftHeads<double> heads = new(Tiny);
        double[] gradient = new double[head.Length];
        heads.AddGradient(head, states, outputHead, targets, 1, gradient);
        for (int i = 0; i < head.Length; i++)
        {
            double slope = (LossAt(i, 1e-5) - LossAt(i, -1e-5)) / 2e-5;
            Assert.Equal(slope, gradient[i], 1e-6);
        }

        double LossAt(int at, double distance)
        {
            double[] moved = [.. head];
            moved[at] += distance;
            return heads.AddGradient(moved, states, outputHead, targets, 1, new double[head.Length]);
        }
    }

    [Fact]
    public void The_logits_are_the_output_head_on_the_state_plus_its_silu_block()
    {
        SeededRandom random = new(6);
        int hidden = Tiny.Hidden;
        double[] head = Draw(random, DraftHeads<double>.LengthOf(Tiny));
        double[] states = Draw(random, Tiny.Context * hidden);
        double[] outputHead = Draw(random, Tiny.Vocabulary * hidden);
        DraftHeads<double> heads = new(Tiny);
        heads.Forward(head, states, outputHead, Tiny.Context);
        for (int row = 0; row < Tiny.Context; row++)
        {
            double[] x = states[(row * hidden)..((row + 1) * hidden)];
            double[] y = new double[hidden];
            for (int i = 0; i < hidden; i++)
            {
                double z = head[(hidden * hidden) + i] + Enumerable.Range(0, hidden).Sum(j => head[(i * hidden) + j] * x[j]);
                y[i] = x[i] + (z / (1 + Math.Exp(-z)));
            }

            for (int token = 0; token < Tiny.Vocabulary; token++)
            {
                double logit = Enumerable.Range(0, hidden).Sum(j => outputHead[(token * hidden) + j] * y[j]);
                Assert.Equal(logit, heads.Logits[(row * Tiny.Vocabulary) + token], 1e-12);
            }
        }
    }

    private static double[] Draw(SeededRandom random, int length) => [.. Enumerable.Range(0, length).Select(_ => random.NextGaussian())];
}
