using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Tests.Reference;

/// <summary>Rotary frequencies in radians per token, and the enlargement of what is rotated, from the published formulas; nothing of the engine's is called.</summary>
internal sealed record ReferenceRope(double[] Frequencies, double Amplitude = 1)
{
    public static ReferenceRope Plain(double b, int width) => new([.. Enumerable.Range(0, width / 2).Select(i => 1 / Math.Pow(b, 2.0 * i / width))]);

    /// <summary>Position interpolation: position m becomes m / factor.</summary>
    public static ReferenceRope Linear(double b, int width, double factor) => new([.. Plain(b, width).Frequencies.Select(f => f / factor)]);

    /// <summary>LLaMA 3.1, by wavelengths in tokens as Meta publishes it.</summary>
    public static ReferenceRope Llama3(double b, int width, double factor, double lowFactor, double highFactor, double original)
    {
        double longest = original / lowFactor;
        double shortest = original / highFactor;
        return new([.. Plain(b, width).Frequencies.Select(f =>
        {
            double wavelength = 2 * Math.PI / f;
            if (wavelength < shortest)
            {
                return f;
            }

            double smooth = ((original / wavelength) - lowFactor) / (highFactor - lowFactor);
            return wavelength > longest ? f / factor : ((1 - smooth) * f / factor) + (smooth * f);
        })]);
    }

    /// <summary>YaRN, section 3.2 and appendix A.2 with the ramp over the pairs; <paramref name="attention"/> is 1 / sqrt(t).</summary>
    public static ReferenceRope Yarn(double b, int width, double factor, double fast, double slow, double original, bool whole, double attention)
    {
        // theta_i = b^(-2i/D) turns n times in L tokens: L theta_i = 2 pi n.
        double Pair(double turns) => Math.Log(original / (turns * 2 * Math.PI), b) * width / 2;
        double from = Math.Max(0, whole ? Math.Floor(Pair(fast)) : Pair(fast));
        double to = Math.Min(width - 1, whole ? Math.Ceiling(Pair(slow)) : Pair(slow));
        double[] result = Plain(b, width).Frequencies;
        for (int i = 0; i < result.Length; i++)
        {
            // The paper's gamma: 1 keeps a frequency, 0 divides it.
            double gamma = i <= from ? 1 : i >= to ? 0 : (to - i) / (to - from);
            result[i] *= ((1 - gamma) / factor) + gamma;
        }

        return new(result, attention);
    }

    /// <summary>By the numbers of a model.</summary>
    public static ReferenceRope Of(ModelNumerics numerics, int width) => numerics.RopeScaling switch
    {
        null => Plain(numerics.RopeBase, width),
        LinearRopeScaling linear => Linear(numerics.RopeBase, width, linear.Factor),
        Llama3RopeScaling llama => Llama3(numerics.RopeBase, width, llama.Factor, llama.LowTurns, llama.HighTurns, llama.OriginalPositions),
        YarnRopeScaling yarn => Yarn(numerics.RopeBase, width, yarn.Factor, yarn.FastTurns, yarn.SlowTurns, yarn.OriginalPositions, yarn.Truncate, yarn.Attention),
        _ => throw new NotSupportedException(),
    };
}
