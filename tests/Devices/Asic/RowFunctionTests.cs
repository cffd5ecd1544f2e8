using System.Numerics.Tensors;
using CsCheck;
using PimSim.Devices.Asic;
using Xunit;

namespace PimSim.Devices.Tests.Asic;

public class RowFunctionTests
{
    private static readonly RowFunctions<float, FloatArithmetic> Asic = new(default, new(6, 3, 3));

    private static readonly Gen<float[]> Row = Gen.Select(Gen.Float[0.01f, 200], Gen.Float[-1, 1].Array[1, 300])
        .Select((spread, row) => row.Select(value => value * spread).ToArray());

    [Fact]
    public void Softmax_sums_to_1_and_agrees_with_its_definition_in_double_precision() =>
        Row.Sample(x =>
        {
            float[] y = Softmax(x);

            Assert.Equal(1, y.Sum(value => (double)value), 5);
            AssertNear(RowOracle.Softmax(x), y, 1e-5);
        });

    [Fact]
    public void Softmax_agrees_with_tensor_primitives() =>
        Gen.Float[-40, 40].Array[1, 300].Sample(x =>
        {
            // TensorPrimitives does not subtract the maximum: larger scores overflow there.
            float[] expected = new float[x.Length];
            TensorPrimitives.SoftMax(x, expected);

            AssertNear([.. expected.Select(value => (double)value)], Softmax(x), 1e-5);
        });

    [Fact]
    public void Softmax_of_equal_scores_is_uniform()
    {
        foreach (float score in (float[])[0, -1e30f, 1e30f, 88])
        {
            Assert.All(Softmax([.. Enumerable.Repeat(score, 1000)]), value => Assert.Equal(0.001f, value, 1e-9f));
        }
    }

    [Fact]
    public void Softmax_gives_masked_and_hopeless_scores_nothing()
    {
        float[] y = Softmax([1, float.NegativeInfinity, 2, -1e30f]);

        Assert.Equal(1 / (1 + Math.E), y[0], 1e-6);
        Assert.InRange(y[1], 0, 1e-37f);
        Assert.InRange(y[3], 0, 1e-37f);
    }

    [Fact]
    public void Softmax_holds_over_a_million_scores()
    {
        Random random = new(7);
        float[] x = [.. Enumerable.Range(0, 1 << 20).Select(_ => (random.NextSingle() * 20) - 10)];
        float[] y = Softmax(x);
        double[] expected = RowOracle.Softmax(x);

        Assert.Equal(1, y.Sum(value => (double)value), 5);
        Assert.True(y.Zip(expected, (a, e) => Math.Abs(a - e) / e).Max() < 2e-5);
    }

    [Fact]
    public void Layer_norm_agrees_with_its_definition_in_double_precision() =>
        Gen.Select(Row, Gen.Float[-3, 3], Gen.Float[-3, 3]).Sample((x, scale, shift) =>
        {
            float[] gamma = [.. x.Select((_, i) => scale + (i * 0.01f))];
            float[] beta = [.. x.Select((_, i) => shift - (i * 0.01f))];
            float[] y = new float[x.Length];
            Asic.LayerNorm(x, gamma, beta, 1e-5f, y);

            // x - mean cancels: what single precision lost there is scaled up by 1 / deviation.
            double[] expected = RowOracle.LayerNorm(x, gamma, beta, 1e-5);
            double mean = x.Average(value => (double)value);
            double deviation = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + 1e-5);
            double lost = 5e-7 * x.Max(Math.Abs) / deviation * gamma.Max(Math.Abs);
            AssertNear(expected, y, 1e-5 + lost);
        });

    [Fact]
    public void Layer_norm_of_equal_values_is_the_shift()
    {
        float[] y = new float[768];
        Asic.LayerNorm([.. Enumerable.Repeat(5f, 768)], [.. Enumerable.Repeat(2f, 768)], [.. Enumerable.Repeat(0.25f, 768)], 1e-5f, y);

        Assert.All(y, value => Assert.Equal(0.25, value, 1e-3));
    }

    [Fact]
    public void Rms_norm_agrees_with_its_definition_in_double_precision() =>
        Gen.Select(Row, Gen.Float[-3, 3]).Sample((x, scale) =>
        {
            float[] gamma = [.. x.Select((_, i) => scale + (i * 0.01f))];
            float[] y = new float[x.Length];
            Asic.RmsNorm(x, gamma, 1e-5f, y);

            AssertNear(RowOracle.RmsNorm(x, gamma, 1e-5), y, 1e-5);
        });

    [Fact]
    public void Gated_activations_multiply_the_activated_gate() =>
        Gen.Select(Gen.Float[-20, 20], Gen.Float[-20, 20]).Sample((gate, up) =>
        {
            float[] swiGlu = new float[1];
            float[] geGlu = new float[1];
            Asic.SwiGlu([gate], [up], swiGlu);
            Asic.GeGlu([gate], [up], geGlu);

            Assert.Equal(gate / (1 + Math.Exp(-gate)) * up, swiGlu[0], 5e-3);
            Assert.Equal(FunctionErrors.Gelu(gate) * up, geGlu[0], 5e-3);
        });

    [Fact]
    public void Elementwise_functions_take_every_element_of_the_row() =>
        Row.Sample(x =>
        {
            float[] relu = new float[x.Length];
            float[] gelu = new float[x.Length];
            float[] sum = new float[x.Length];
            Asic.Relu(x, relu);
            Asic.Gelu(x, gelu);
            Asic.Add(x, relu, sum);

            // Exact, but for results below 2^-126, which become 0.
            AssertNear([.. x.Select(value => (double)MathF.Max(value, 0))], relu, 1.2e-38);
            AssertNear([.. x.Zip(relu, (a, b) => (double)(a + b))], sum, 1.2e-38);
            AssertNear([.. x.Select(value => FunctionErrors.Gelu(value))], gelu, 2e-5 * Math.Max(1, x.Max(Math.Abs)));
        });

    [Fact]
    public void Rope_turns_each_pair_by_its_angle() =>
        Gen.Select(Gen.Float[-10, 10].Array[64], Gen.Double[-7, 7].Array[32]).Sample((x, angles) =>
        {
            float[] y = new float[64];
            Asic.Rope(x, [.. angles.Select(angle => (float)Math.Cos(angle))], [.. angles.Select(angle => (float)Math.Sin(angle))], y);

            for (int i = 0; i < 32; i++)
            {
                System.Numerics.Complex turned = new System.Numerics.Complex(x[i], x[i + 32]) * System.Numerics.Complex.FromPolarCoordinates(1, angles[i]);
                Assert.Equal(turned.Real, y[i], 1e-5);
                Assert.Equal(turned.Imaginary, y[i + 32], 1e-5);
            }
        });

    [Fact]
    public void Arg_max_is_the_first_of_the_largest() =>
        Gen.Int[-5, 5].Select(value => (float)value).Array[1, 100].Sample(x =>
            Assert.Equal(Array.IndexOf(x, x.Max()), BitConverter.SingleToInt32Bits(Asic.ArgMax(x))));

    private static float[] Softmax(float[] x)
    {
        float[] y = new float[x.Length];
        Asic.Softmax(x, y);
        return y;
    }

    private static void AssertNear(double[] expected, float[] actual, double tolerance)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance * Math.Max(1, Math.Abs(expected[i])));
        }
    }
}
