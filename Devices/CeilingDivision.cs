namespace PimSim.Devices;

/// <summary>How many pieces of a size hold an amount.</summary>
internal static class CeilingDivision
{
    /// <summary>The quotient rounded up; for amounts of 0 and more.</summary>
    public static long Of(long amount, long size) => (amount + size - 1) / size;

    /// <summary>The quotient rounded up, of numbers whose sum may exceed an int.</summary>
    public static int Of(int amount, int size) => (int)Of((long)amount, size);
}
