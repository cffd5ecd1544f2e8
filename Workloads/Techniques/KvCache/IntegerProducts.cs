using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// Matrices of few bits for products in integers. Weights are rounded with one scale for each output. MergeQuant's step migration: where the inputs
/// are in whole steps of their channel, the steps move into the weights before those are rounded, so that nothing is left to do around the product.
/// </summary>
public static class IntegerProducts
{
    /// <summary>The largest magnitude that both signs have.</summary>
    public static int Largest(DataType type) => (1 << (type.Bits() - 1)) - 1;

    /// <summary>The layer in integers.</summary>
    /// <param name="layer">In numbers; without data only its size counts.</param>
    /// <param name="type">Integers to compute in.</param>
    /// <param name="steps">What one whole number of each input channel stands for; empty where that is one and the same for all and comes later.</param>
    public static IntegerLayer Quantise(LinearLayer layer, DataType type, ReadOnlySpan<float> steps = default)
    {
        ArgumentNullException.ThrowIfNull(layer);
        int largest = Largest(type);
        if (layer.Matrix.Segments.Count == 0)
        {
            return new IntegerLayer(layer.Role, new WeightTensor(type, layer.Outputs, layer.Inputs, []), type, []);
        }

        float[] scales = new float[layer.Outputs];
        float[] integers = new float[layer.Outputs * layer.Inputs];
        float[] row = new float[layer.Inputs];
        for (int output = 0; output < layer.Outputs; output++)
        {
            WeightRows.Read(layer.Matrix, output, row);
            for (int input = 0; input < row.Length && !steps.IsEmpty; input++)
            {
                row[input] *= steps[input];
            }

            float most = row.Max(Math.Abs);
            scales[output] = most > 0 ? most / largest : 1;
            for (int input = 0; input < row.Length; input++)
            {
                integers[(output * row.Length) + input] = Math.Clamp(MathF.Round(row[input] / scales[output]), -largest, largest);
            }
        }

        byte[] stored = new byte[integers.Length * sizeof(float)];
        Buffer.BlockCopy(integers, 0, stored, 0, stored.Length);
        WeightTensor matrix = new(DataType.Fp32, layer.Outputs, layer.Inputs, [new WeightSegment(new CopiedWeights(stored), 0, layer.Outputs)]);
        return new IntegerLayer(layer.Role, matrix, type, scales);
    }

    /// <summary>The normalisation whose results are in whole steps of their channel.</summary>
    public static NormLayer Fold(NormLayer norm, ReadOnlySpan<float> steps)
    {
        ArgumentNullException.ThrowIfNull(norm);
        float[] scale = [.. norm.Scale];
        float[] shift = [.. norm.Shift];
        for (int channel = 0; channel < steps.Length; channel++)
        {
            scale[channel] /= steps[channel];
            if (shift.Length > 0)
            {
                shift[channel] /= steps[channel];
            }
        }

        return norm with { Scale = scale, Shift = shift };
    }
}
