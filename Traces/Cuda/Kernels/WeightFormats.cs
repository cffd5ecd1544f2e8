using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>IEEE single precision.</summary>
internal readonly struct Fp32Weights : IWeightFormat
{
    public static int ValuesPerWord => 1;

    public static float Decode(uint word, int index) => Interop.IntAsFloat(word);

    public static float Dot(Chunk weights, ArrayView<Quad> input, long first)
    {
        Quad x = input[first];
        return (Interop.IntAsFloat(weights.Word0) * x.Value0) + (Interop.IntAsFloat(weights.Word1) * x.Value1)
            + (Interop.IntAsFloat(weights.Word2) * x.Value2) + (Interop.IntAsFloat(weights.Word3) * x.Value3);
    }
}

/// <summary>IEEE half precision.</summary>
internal readonly struct Fp16Weights : IWeightFormat
{
    public static int ValuesPerWord => 2;

    public static float Decode(uint word, int index) => Interop.IntAsFloat((ushort)(word >> (16 * index)));

    public static float Dot(Chunk weights, ArrayView<Quad> input, long first) =>
        PackedDot.OfPairs<Fp16Weights>(weights, input, first);
}

/// <summary>Brain float: the upper half of a single.</summary>
internal readonly struct Bf16Weights : IWeightFormat
{
    public static int ValuesPerWord => 2;

    public static float Decode(uint word, int index) => Interop.IntAsFloat((word >> (16 * index)) << 16);

    public static float Dot(Chunk weights, ArrayView<Quad> input, long first) =>
        PackedDot.OfPairs<Bf16Weights>(weights, input, first);
}

/// <summary>8-bit two's complement.</summary>
internal readonly struct Int8Weights : IIntegerFormat
{
    public static int Limit => 127;

    public static int ValuesPerWord => 4;

    public static float Decode(uint word, int index) => (int)(word << (24 - (8 * index))) >> 24;

    public static float Dot(Chunk weights, ArrayView<Quad> input, long first) =>
        PackedDot.OfQuad<Int8Weights>(weights.Word0, 0, input[first])
        + PackedDot.OfQuad<Int8Weights>(weights.Word1, 0, input[first + 1])
        + PackedDot.OfQuad<Int8Weights>(weights.Word2, 0, input[first + 2])
        + PackedDot.OfQuad<Int8Weights>(weights.Word3, 0, input[first + 3]);
}

/// <summary>4-bit two's complement.</summary>
internal readonly struct Int4Weights : IIntegerFormat
{
    public static int Limit => 7;

    public static int ValuesPerWord => 8;

    public static float Decode(uint word, int index) => (int)(word << (28 - (4 * index))) >> 28;

    public static float Dot(Chunk weights, ArrayView<Quad> input, long first) =>
        Word(weights.Word0, input, first) + Word(weights.Word1, input, first + 2) + Word(weights.Word2, input, first + 4) + Word(weights.Word3, input, first + 6);

    private static float Word(uint word, ArrayView<Quad> input, long first) =>
        PackedDot.OfQuad<Int4Weights>(word, 0, input[first]) + PackedDot.OfQuad<Int4Weights>(word, 4, input[first + 1]);
}
