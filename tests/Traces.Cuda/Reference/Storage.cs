using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Tests.Reference;

/// <summary>What is left of a number once it has been stored.</summary>
internal static class Storage
{
    public static double Round(DataType type, double value) => type switch
    {
        DataType.Fp32 => (float)value,
        DataType.Fp16 => (double)(Half)(float)value,
        DataType.Bf16 => RoundToBits((float)value, 8),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    // To a number of significant bits, ties to even, by arithmetic instead of bits.
    private static double RoundToBits(double value, int bits)
    {
        if (value == 0)
        {
            return 0;
        }

        double unit = Math.Pow(2, Math.Floor(Math.Log2(Math.Abs(value))) - bits + 1);
        return Math.Round(value / unit, MidpointRounding.ToEven) * unit;
    }
}
