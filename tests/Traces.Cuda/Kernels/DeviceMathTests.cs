using CsCheck;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Cuda.Tests.Reference;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Kernels;

/// <summary>Functions and number formats of the device, called on the host: they are the same code.</summary>
public class DeviceMathTests
{
    [Fact]
    public void The_exponential_is_right_to_three_units_in_the_last_place() => Gen.Float[-87.3f, 88f].Sample(
        x => Assert.InRange(DeviceMath.Exp(x), Math.Exp(x) * (1 - (6 * Close.Epsilon)), Math.Exp(x) * (1 + (6 * Close.Epsilon))), iter: 1_000_000);

    [Fact]
    public void The_exponential_ends_where_singles_do()
    {
        Assert.Equal(0, DeviceMath.Exp(-88));
        Assert.Equal(0, DeviceMath.Exp(-3.0e38f));
        Assert.Equal(0, DeviceMath.Exp(float.NegativeInfinity));
        Assert.Equal(1, DeviceMath.Exp(0));
        Assert.Equal(DeviceMath.Exp(88), DeviceMath.Exp(float.PositiveInfinity));
        Assert.True(float.IsNaN(DeviceMath.Exp(float.NaN)));
        Assert.InRange(Silu.Of(-200), -1e-30f, 0f);
        Assert.Equal(200, Silu.Of(200));
    }

    [Fact]
    public void The_error_function_is_right_to_5e_7()
    {
        for (int step = -5000; step <= 5000; step++)
        {
            float x = step / 1000f;
            Assert.Equal(ErrorFunction(x), DeviceMath.Erf(x), 5e-7);
        }
    }

    [Fact]
    public void Every_half_is_read_as_what_it_is()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            Assert.Equal(expected, Fp16Kv.Decode((ushort)bits));
            Assert.Equal(expected, Fp16Weights.Decode((uint)bits << 16, 1));
        }
    }

    [Fact]
    public void A_half_is_the_nearest_one_ties_to_even() => Gen.OneOf(Gen.Float, Gen.Float[-70000, 70000], Gen.Float[-1e-4f, 1e-4f], Halfway).Sample(
        x => Assert.Equal(float.IsNaN(x) ? Half.NaN : (Half)x, BitConverter.UInt16BitsToHalf(Fp16Kv.Encode(x))), iter: 1_000_000);

    [Fact]
    public void A_brain_float_is_the_nearest_one_ties_to_even() => Gen.OneOf(Gen.Float, Gen.Float[-10, 10], Halfway).Sample(
        x =>
        {
            float stored = Bf16Kv.Decode(Bf16Kv.Encode(x));
            uint lower = BitConverter.SingleToUInt32Bits(x) & 0xffff0000;
            float down = BitConverter.UInt32BitsToSingle(lower);
            float up = BitConverter.UInt32BitsToSingle(lower + 0x10000);
            if (float.IsNaN(x))
            {
                Assert.True(float.IsNaN(stored));
            }
            else if (float.IsFinite(up))
            {
                double toDown = Math.Abs((double)x - down);
                double toUp = Math.Abs((double)x - up);
                bool even = (lower & 0x10000) == 0;
                Assert.Equal(toDown < toUp || (toDown == toUp && even) ? down : up, stored);
            }
        },
        iter: 1_000_000);

    // Exactly between two halves or two brain floats, where only the last bit decides.
    private static Gen<float> Halfway => Gen.Select(Gen.UShort, Gen.Bool).Select((bits, brain) => brain
        ? BitConverter.UInt32BitsToSingle(((uint)bits << 16) | 0x8000)
        : BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits((float)BitConverter.UInt16BitsToHalf(bits)) & 0xffffe000) | 0x1000));

    // The Taylor series, in double precision and with terms until none counts.
    internal static double ErrorFunction(double x)
    {
        if (Math.Abs(x) > 5.5)
        {
            return Math.Sign(x);
        }

        double sum = 0;
        double term = x;
        for (int n = 0; Math.Abs(term) > 1e-18 || n < 10; n++)
        {
            sum += term / ((2 * n) + 1);
            term *= -x * x / (n + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
