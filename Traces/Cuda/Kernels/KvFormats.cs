using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>How a cached key or value is stored.</summary>
/// <typeparam name="TStored">Its storage.</typeparam>
internal interface IKvFormat<TStored>
    where TStored : unmanaged
{
    /// <summary>The number stored.</summary>
    static abstract float Decode(TStored stored);

    /// <summary>The nearest number that can be stored, ties to even.</summary>
    static abstract TStored Encode(float value);
}

/// <summary>IEEE single precision.</summary>
internal readonly struct Fp32Kv : IKvFormat<float>
{
    public static float Decode(float stored) => stored;

    public static float Encode(float value) => value;
}

/// <summary>IEEE half precision.</summary>
internal readonly struct Fp16Kv : IKvFormat<ushort>
{
    // 2^112 moves a single's exponent to where a half has it; what lies below half's normal range is rounded by adding 0.5,
    // which puts the last place of a subnormal half at the last place of the sum.
    private const uint SmallestNormal = 0x38800000;
    private const uint Overflow = 0x477ff000;
    private const uint Infinity = 0x7f800000;

    public static float Decode(ushort stored) => Interop.IntAsFloat(stored);

    public static ushort Encode(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        uint sign = (bits >> 16) & 0x8000;
        uint magnitude = bits & 0x7fffffff;
        uint half;
        if (magnitude > Infinity)
        {
            half = 0x7e00;
        }
        else if (magnitude >= Overflow)
        {
            half = 0x7c00;
        }
        else if (magnitude < SmallestNormal)
        {
            half = Interop.FloatAsInt(Interop.IntAsFloat(magnitude) + 0.5f) - 0x3f000000;
        }
        else
        {
            half = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
        }

        return (ushort)(sign | half);
    }
}

/// <summary>Brain float: the upper half of a single.</summary>
internal readonly struct Bf16Kv : IKvFormat<ushort>
{
    public static float Decode(ushort stored) => Interop.IntAsFloat((uint)stored << 16);

    public static ushort Encode(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        return (bits & 0x7fffffff) > 0x7f800000
            ? (ushort)((bits >> 16) | 0x40)
            : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
