namespace PimSim.Devices.Asic;

/// <summary>
/// Computes in IEEE single precision, every operation rounded to nearest; results below 2^-126 become 0, as in units that
/// spare themselves subnormal numbers.
/// </summary>
public readonly struct FloatArithmetic : IArithmetic<float>
{
    /// <inheritdoc/>
    public float Constant(float value) => value;

    /// <inheritdoc/>
    public float ConstantBits(uint bits) => FromBits(bits);

    /// <inheritdoc/>
    public float Add(float a, float b) => Flush(a + b);

    /// <inheritdoc/>
    public float Subtract(float a, float b) => Flush(a - b);

    /// <inheritdoc/>
    public float Multiply(float a, float b) => Flush(a * b);

    /// <inheritdoc/>
    public float AddBits(float a, float b) => FromBits(Bits(a) + Bits(b));

    /// <inheritdoc/>
    public float SubtractBits(float a, float b) => FromBits(Bits(a) - Bits(b));

    /// <inheritdoc/>
    public float ShiftLeft(float a, int places) => FromBits(Bits(a) << places);

    /// <inheritdoc/>
    public float ShiftRight(float a, int places) => FromBits(Bits(a) >> places);

    /// <inheritdoc/>
    public float MaskBits(float a, uint keep, uint set) => FromBits((Bits(a) & keep) | set);

    /// <inheritdoc/>
    public float Select(float sign, float ifNegative, float otherwise) => sign < 0 ? ifNegative : otherwise;

    /// <inheritdoc/>
    public void EndStage()
    {
        // Numbers don't care when they are computed.
    }

    private static float Flush(float value) => float.IsSubnormal(value) ? 0 : value;

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private static float FromBits(uint bits) => BitConverter.UInt32BitsToSingle(bits);
}
