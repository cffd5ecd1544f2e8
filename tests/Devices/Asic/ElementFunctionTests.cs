using CsCheck;
using PimSim.Devices.Asic;
using Xunit;

namespace PimSim.Devices.Tests.Asic;

public class ElementFunctionTests
{
    // Rounding of x / ln 2 and of k ln 2 at |x| = 88, and of the polynomial.
    private const double ExpRounding = 1.2e-5;

    private const float SmallestNormal = 1.17549435E-38f;

    private static readonly ElementFunctions<float, FloatArithmetic> Asic = new(default, new(6, 3, 3));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(10)]
    public void The_error_of_exp_is_the_remainder_of_its_taylor_series(int degree)
    {
        // Lagrange: |r|^(n+1) / (n+1)! e^|r|, and relative to e^-|r| at the worst end; |r| <= ln 2 / 2.
        double r = Math.Log(2) / 2;
        double remainder = Math.Pow(r, degree + 1) / Enumerable.Range(1, degree + 1).Aggregate(1.0, (product, i) => product * i);

        double error = FunctionErrors.OfExp(degree);

        Assert.True(error <= (remainder * Math.Exp(2 * r)) + ExpRounding, $"{error}");
        Assert.True(error >= (remainder * 0.9) - ExpRounding, $"{error} is better than the series allows");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Each_newton_step_of_the_reciprocal_squares_its_error(int steps)
    {
        double expected = Math.Pow(1.0 / 17, Math.Pow(2, steps));
        double error = FunctionErrors.OfReciprocal(steps);

        Assert.InRange(error, (expected * 0.99) - 3e-7, (expected * 1.01) + 3e-7);
    }

    [Theory]
    [InlineData(0, 0.0345)]
    [InlineData(1, 1.76e-3)]
    [InlineData(2, 4.8e-6)]
    [InlineData(3, 4e-7)]
    public void The_inverse_square_root_is_within_the_bound_of_the_bit_trick(int steps, double bound) =>
        Assert.InRange(FunctionErrors.OfInverseSqrt(steps), bound * 0.2, bound);

    [Fact]
    public void Errors_fall_with_every_degree_and_step_down_to_single_precision()
    {
        for (int n = 1; n < 5; n++)
        {
            Assert.True(FunctionErrors.OfExp(n + 1) < FunctionErrors.OfExp(n));
        }

        for (int n = 0; n < 2; n++)
        {
            Assert.True(FunctionErrors.OfReciprocal(n + 1) < FunctionErrors.OfReciprocal(n));
            Assert.True(FunctionErrors.OfInverseSqrt(n + 1) < FunctionErrors.OfInverseSqrt(n));
        }
    }

    [Fact]
    public void Exp_saturates_at_both_ends()
    {
        Assert.Equal(Asic.Exp(-87), Asic.Exp(-1e30f));
        Assert.Equal(Asic.Exp(-87), Asic.Exp(float.NegativeInfinity));
        Assert.Equal(Asic.Exp(88), Asic.Exp(1e30f));
        Assert.Equal(Asic.Exp(88), Asic.Exp(float.PositiveInfinity));
        Assert.True(float.IsNormal(Asic.Exp(-87)) && float.IsNormal(Asic.Exp(88)));
        Assert.Equal(1f, Asic.Exp(0));
    }

    [Fact]
    public void The_reciprocal_of_any_positive_float_is_right_or_saturates() =>
        Gen.UInt[1, 0x7F7F_FFFF].Select(BitConverter.UInt32BitsToSingle).Sample(x =>
        {
            double expected = Math.Clamp(1.0 / x, Math.Pow(2, -125), Math.Pow(2, 126));
            float actual = Asic.Reciprocal(x);

            // Numbers below 2^-126 count as 0, whose reciprocal is somewhere from 2^126 to 2^127.
            Assert.InRange(actual, expected * 0.999999, expected * (float.IsNormal(x) ? 1.000001 : 2.000001));
        });

    [Fact]
    public void Tanh_is_odd_and_saturates_at_1()
    {
        Gen.Float[-200, 200].Sample(x => Assert.Equal(-Asic.Tanh(x), Asic.Tanh(-x)));
        Assert.Equal(1, Asic.Tanh(1e30f), 6);
        Assert.Equal(-1, Asic.Tanh(float.NegativeInfinity), 6);
        Assert.Equal(0, Asic.Tanh(0), 7);
    }

    [Fact]
    public void Sigmoid_keeps_its_relative_precision_far_below_zero() =>
        Gen.Float[-80, 80].Sample(x => Assert.InRange(Asic.Sigmoid(x) * (1 + Math.Exp(-x)), 1 - 2e-5, 1 + 2e-5));

    [Fact]
    public void Activations_of_large_inputs_are_the_input_or_zero()
    {
        foreach (float large in (float[])[20, 1000, 1e15f])
        {
            Assert.InRange(Asic.Gelu(large) / large, 1 - 1e-6, 1 + 1e-6);
            Assert.InRange(Asic.Silu(large) / large, 1 - 1e-5, 1 + 1e-5);
            Assert.InRange(Asic.Gelu(-large) / large, -1e-6, 1e-6);
            Assert.InRange(Asic.Silu(-large) / large, -1e-6, 1e-6);
        }
    }

    [Fact]
    public void Maximum_minimum_and_relu_choose_right_but_for_differences_below_2_to_the_minus_126() =>
        Gen.Select(Gen.Float[-1e30f, 1e30f], Gen.Float[-1e30f, 1e30f]).Sample((a, b) =>
        {
            Assert.Equal(MathF.Max(a, b), Asic.Maximum(a, b), SmallestNormal);
            Assert.Equal(MathF.Min(a, b), Asic.Minimum(a, b), SmallestNormal);
            Assert.Equal(MathF.Max(a, 0), Asic.Relu(a), SmallestNormal);
        });

    [Fact]
    public void Results_below_2_to_the_minus_126_are_0()
    {
        FloatArithmetic units = default;

        Assert.Equal(0, units.Multiply(1e-20f, 1e-20f));
        Assert.Equal(0, units.Add(1.5f * SmallestNormal, -SmallestNormal));
        Assert.Equal(0, units.Subtract(1.5f * SmallestNormal, SmallestNormal));
        Assert.Equal(SmallestNormal, units.Multiply(SmallestNormal, 1));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(11, 0, 0)]
    [InlineData(1, -1, 0)]
    [InlineData(1, 0, -1)]
    public void A_precision_out_of_range_is_refused(int degree, int reciprocalSteps, int inverseSqrtSteps) =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new ElementFunctions<float, FloatArithmetic>(default, new(degree, reciprocalSteps, inverseSqrtSteps)));
}
