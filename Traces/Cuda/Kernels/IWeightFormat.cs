using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>How weights are packed into 32-bit words, the earlier column in the lower bits. A type argument, so that each kernel is compiled for each format.</summary>
internal interface IWeightFormat
{
    /// <summary>Weights in a word.</summary>
    static abstract int ValuesPerWord { get; }

    /// <summary>One weight of a word, before its scale.</summary>
    static abstract float Decode(uint word, int index);

    /// <summary>The inner product of a chunk with the activations from quad <paramref name="first"/> on, before the scale.</summary>
    static abstract float Dot(Chunk weights, ArrayView<Quad> input, long first);
}
