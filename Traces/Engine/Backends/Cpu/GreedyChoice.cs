using System.Numerics.Tensors;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>The most likely token of each row of logits; of several equally likely ones the lowest.</summary>
internal static class GreedyChoice
{
    /// <summary>Chooses.</summary>
    /// <exception cref="PimSimUserException">A logit is not a number.</exception>
    public static void Of(string model, CpuTensor logits, Span<int> tokens)
    {
        for (int row = 0; row < tokens.Length; row++)
        {
            ReadOnlySpan<float> values = logits.Row(row);
            float largest = TensorPrimitives.Max(values);
            if (!float.IsFinite(largest))
            {
                throw new PimSimUserException($"the logits of {model} are not finite numbers; its weights are damaged or too large for single precision");
            }

            // Not IndexOfMax, which takes 0 for larger than -0.
            tokens[row] = values.IndexOf(largest);
        }
    }
}
