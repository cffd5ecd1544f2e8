using System.Numerics;
using System.Numerics.Tensors;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Model;

/// <summary>The loss -ln softmax(logits)[target], in nats.</summary>
internal static class CrossEntropy
{
    /// <summary>
    /// Replaces the logits of each row by the gradient of the loss, times <paramref name="weight"/>, and returns the sum of the losses
    /// without weight. A target below 0 counts for nothing.
    /// </summary>
    public static double Gradient<T>(Span<T> logits, int vocabulary, ReadOnlySpan<int> targets, T weight)
        where T : IBinaryFloatingPointIeee754<T>
    {
        double total = 0;
        for (int row = 0; row < targets.Length; row++)
        {
            Span<T> values = logits.Slice(row * vocabulary, vocabulary);
            if (targets[row] < 0)
            {
                values.Clear();
                continue;
            }

            T top = TensorPrimitives.Max<T>(values);
            T chosen = values[targets[row]] - top;
            TensorPrimitives.Subtract(values, top, values);
            TensorPrimitives.Exp<T>(values, values);
            T sum = Lanes.Sum<T>(values);
            total += Math.Log(double.CreateChecked(sum)) - double.CreateChecked(chosen);
            TensorPrimitives.Multiply(values, weight / sum, values);
            values[targets[row]] -= weight;
        }

        return total;
    }
}
