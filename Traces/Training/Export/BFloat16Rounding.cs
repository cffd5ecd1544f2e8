namespace PimSim.Traces.Training.Export;

/// <summary>The upper half of a single, rounded to nearest, ties to even.</summary>
internal static class BFloat16Rounding
{
    /// <summary>The 16 bits. Weights are finite.</summary>
    public static ushort ToBits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Rounds all values where they stand.</summary>
    public static void Round(Span<float> values)
    {
        foreach (ref float value in values)
        {
            value = BitConverter.UInt32BitsToSingle((uint)ToBits(value) << 16);
        }
    }
}
