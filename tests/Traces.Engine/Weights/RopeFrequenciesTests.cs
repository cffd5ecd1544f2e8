using CsCheck;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Weights;

public class RopeFrequenciesTests
{
    private static readonly Llama3RopeScaling Llama31 = new(8, 1, 4, 8192);

    private static readonly Gen<(double Base, int Pairs, double Factor, int Window)> Any =
        Gen.Select(Gen.Double[500, 2_000_000], Gen.Int[2, 128], Gen.Double[1.5, 40], Gen.Int[300, 40_000]);

    /// <summary>
    /// Worked by hand for LLaMA 3.1: base 500000, 128 channels, factor 8, original window 8192. A pair i turns 8192 / (2 pi) x 500000^(-i / 64) times in
    /// the window: pair 28 makes 4.19 turns and stays; pair 29 makes 3.41, pair 34 1.22, and both lie between; pair 35 makes 0.997 and is divided by 8.
    /// Pair 32: 500000^(-1/2) = 0.00141421356, 1.843847 turns, share (1.843847 - 1) / 3 = 0.281282,
    /// 0.00141421356 x (0.281282 + 0.718718 / 8) = 0.000524846.
    /// </summary>
    [Fact]
    public void Llama_3_1_has_its_published_bands()
    {
        double[] plain = Frequencies(null, 500_000, 128);
        double[] scaled = Frequencies(Llama31, 500_000, 128);
        Assert.Equal(plain[..29], scaled[..29]);
        Assert.Equal(plain[35..].Select(frequency => frequency / 8), scaled[35..]);
        Assert.All(Enumerable.Range(29, 6), pair => Assert.InRange(scaled[pair], Math.BitIncrement(plain[pair] / 8), Math.BitDecrement(plain[pair])));
        Assert.Equal(0.00141421356, plain[32], 1e-11);
        Assert.Equal(0.000524846, scaled[32], 1e-9);
        Assert.Equal(1, new RopeFrequencies(new ModelNumerics { RopeScaling = Llama31 }, 128).Rotation(0, 0).Cosine);
    }

    /// <summary>
    /// Qwen2.5's recommendation: base 1000000, 128 channels, factor 4, window 32768. The pair of 32 turns is 64 x ln(32768 / 64 pi) / ln 1000000 = 23.59,
    /// that of one turn 64 x ln(32768 / 2 pi) / ln 1000000 = 39.65: from 23 to 40. Pair 30 is 7/17 on the way. Attention 0.1 ln 4 + 1 = 1.138629.
    /// </summary>
    [Fact]
    public void Yarn_has_the_ramp_of_qwen_2_5()
    {
        YarnRopeScaling yarn = new(4, 32, 1, 32_768, Truncate: true, YarnRopeScaling.RecommendedAttention(4));
        double[] plain = Frequencies(null, 1_000_000, 128);
        double[] scaled = Frequencies(yarn, 1_000_000, 128);
        Assert.Equal(plain[..24], scaled[..24]);
        Assert.Equal(plain[40..].Select(frequency => frequency / 4), scaled[40..]);
        Assert.Equal(plain[30] * ((10 / 17.0) + (7 / 17.0 / 4)), scaled[30], 1e-15);
        Assert.Equal(1.138629436f, new RopeFrequencies(new ModelNumerics { RopeScaling = yarn }, 128).Rotation(0, 5).Cosine);
        Assert.Equal(1, YarnRopeScaling.RecommendedAttention(1));
    }

    [Fact]
    public void Every_scaling_keeps_fast_pairs_slows_slow_ones_and_never_changes_their_order() => Any.Sample(drawn =>
    {
        int width = 2 * drawn.Pairs;
        double[] plain = Frequencies(null, drawn.Base, width);
        foreach (RopeScaling scaling in Scalings(drawn.Factor, drawn.Window))
        {
            ModelNumerics numerics = new() { RopeBase = drawn.Base, RopeScaling = scaling };
            double[] scaled = Frequencies(scaling, drawn.Base, width);
            double[] expected = ReferenceRope.Of(numerics, width).Frequencies;
            for (int pair = 0; pair < drawn.Pairs; pair++)
            {
                Assert.InRange(scaled[pair], plain[pair] / drawn.Factor * (1 - 1e-12), plain[pair] * (1 + 1e-12));
                Assert.InRange(scaled[pair] / expected[pair], 1 - 1e-9, 1 + 1e-9);
                Assert.True(pair == 0 || scaled[pair] < scaled[pair - 1]);
                if (scaling is Llama3RopeScaling)
                {
                    double turns = drawn.Window * plain[pair] / (2 * Math.PI);
                    Assert.True((turns < 4 || scaled[pair] == plain[pair]) && (turns > 1 || scaled[pair] == plain[pair] / drawn.Factor));
                }
            }
        }
    });

    [Fact]
    public void A_rotation_is_sine_and_cosine_of_position_times_frequency_enlarged() => Any.Sample(drawn =>
    {
        foreach (RopeScaling? scaling in Scalings(drawn.Factor, drawn.Window).Append<RopeScaling?>(null))
        {
            ModelNumerics numerics = new() { RopeBase = drawn.Base, RopeScaling = scaling };
            ReferenceRope expected = ReferenceRope.Of(numerics, 2 * drawn.Pairs);
            (float sine, float cosine) = new RopeFrequencies(numerics, 2 * drawn.Pairs).Rotation(drawn.Window, drawn.Pairs - 1);
            double angle = drawn.Window * expected.Frequencies[^1];
            Assert.Equal(expected.Amplitude * Math.Sin(angle), sine, 1e-6);
            Assert.Equal(expected.Amplitude * Math.Cos(angle), cosine, 1e-6);
        }
    });

    private static RopeScaling[] Scalings(double factor, int window) =>
    [
        new LinearRopeScaling(factor),
        new Llama3RopeScaling(factor, 1, 4, window),
        new YarnRopeScaling(factor, 32, 1, window, true, 1.2),
        new YarnRopeScaling(factor, 32, 1, window, false, 0.9),
    ];

    private static double[] Frequencies(RopeScaling? scaling, double ropeBase, int width) =>
        new RopeFrequencies(new ModelNumerics { RopeBase = ropeBase, RopeScaling = scaling }, width).RadiansPerToken.ToArray();
}
