using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Inner products of packed weights, written out so that every shift is a constant.</summary>
internal static class PackedDot
{
    /// <summary>Four neighbouring weights of one word.</summary>
    public static float OfQuad<TFormat>(uint word, int index, Quad x)
        where TFormat : struct, IWeightFormat =>
        (TFormat.Decode(word, index) * x.Value0) + (TFormat.Decode(word, index + 1) * x.Value1)
        + (TFormat.Decode(word, index + 2) * x.Value2) + (TFormat.Decode(word, index + 3) * x.Value3);

    /// <summary>A chunk of two weights a word.</summary>
    public static float OfPairs<TFormat>(Chunk weights, ArrayView<Quad> input, long first)
        where TFormat : struct, IWeightFormat
    {
        Quad x = input[first];
        Quad y = input[first + 1];
        return (TFormat.Decode(weights.Word0, 0) * x.Value0) + (TFormat.Decode(weights.Word0, 1) * x.Value1)
            + (TFormat.Decode(weights.Word1, 0) * x.Value2) + (TFormat.Decode(weights.Word1, 1) * x.Value3)
            + (TFormat.Decode(weights.Word2, 0) * y.Value0) + (TFormat.Decode(weights.Word2, 1) * y.Value1)
            + (TFormat.Decode(weights.Word3, 0) * y.Value2) + (TFormat.Decode(weights.Word3, 1) * y.Value3);
    }
}
