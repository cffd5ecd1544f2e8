using System.Numerics;
using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Optimisation;

/// <summary>Weights before training: normal with deviation 0.02 for the embedding, 1/sqrt(inputs) for matrices, smaller where they end in the residual stream.</summary>
internal static class InitialWeights
{
    /// <summary>Draws them.</summary>
    public static T[] Draw<T>(DecoderConfiguration model, SeededRandom random)
        where T : IBinaryFloatingPointIeee754<T>
    {
        ParameterLayout layout = new(model);
        T[] weights = new T[layout.Length];
        foreach (ParameterTensor tensor in layout.Tensors)
        {
            Span<T> values = weights.AsSpan(tensor.Range);
            if (tensor.IsVector)
            {
                values.Fill(T.One);
                continue;
            }

            double deviation = tensor.Offset == 0 ? 0.02 : 0.5 / Math.Sqrt(tensor.Columns);
            if (tensor.Name.EndsWith("o_proj.weight", StringComparison.Ordinal) || tensor.Name.EndsWith("down_proj.weight", StringComparison.Ordinal))
            {
                deviation /= Math.Sqrt(2.0 * model.Layers);
            }

            for (int i = 0; i < values.Length; i++)
            {
                values[i] = T.CreateChecked(deviation * random.NextGaussian());
            }
        }

        return weights;
    }
}
