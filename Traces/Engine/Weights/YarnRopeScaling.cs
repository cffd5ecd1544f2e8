namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// YaRN (Peng et al., arXiv 2309.00071): pairs that turn often within the original window stay, those that turn hardly at all are slowed by the
/// factor, and between them the share of the two frequencies is linear in the number of the pair (not in the turns, as the paper writes it: all
/// published implementations, and so all published models, have it by the pair). Queries and keys are enlarged by <see cref="Amplitude"/>.
/// </summary>
/// <param name="Factor">How much slower the slow pairs turn.</param>
/// <param name="FastTurns">Turns in the original window from which a pair stays (<c>beta_fast</c>).</param>
/// <param name="SlowTurns">Turns up to which it is slowed in full (<c>beta_slow</c>).</param>
/// <param name="OriginalPositions">Tokens of the original window.</param>
/// <param name="Truncate">The ends of the ramp are moved outwards to whole pairs.</param>
/// <param name="Attention">What sines and cosines are multiplied by.</param>
public sealed record YarnRopeScaling(double Factor, double FastTurns, double SlowTurns, int OriginalPositions, bool Truncate, double Attention) : RopeScaling
{
    // Where both ends of the ramp fall together it is a step; transformers gives it this width.
    private const double StepPairs = 0.001;

    /// <inheritdoc/>
    public override double Amplitude => Attention;

    /// <summary>What the paper recommends for <see cref="Attention"/>.</summary>
    /// <param name="factor">How much further the model reads.</param>
    /// <param name="weight">Share of the correction that is made.</param>
    public static double RecommendedAttention(double factor, double weight = 1) => factor <= 1 ? 1 : 1 + (0.1 * weight * Math.Log(factor));

    /// <inheritdoc/>
    public override double Frequency(double plain, int pair, int width, double ropeBase)
    {
        double first = PairOfTurns(FastTurns, width, ropeBase);
        double last = PairOfTurns(SlowTurns, width, ropeBase);
        if (Truncate)
        {
            (first, last) = (Math.Floor(first), Math.Ceiling(last));
        }

        (first, last) = (Math.Max(first, 0), Math.Min(last, width - 1));
        last = first == last ? last + StepPairs : last;
        double slowed = Math.Clamp((pair - first) / (last - first), 0, 1);
        return (plain * (1 - slowed)) + (plain / Factor * slowed);
    }

    /// <summary>The pair, as a fraction, that makes so many turns: the inverse of the rule of the frequencies.</summary>
    private double PairOfTurns(double turns, int width, double ropeBase) =>
        width * Math.Log(OriginalPositions / (2 * Math.PI * turns)) / (2 * Math.Log(ropeBase));
}
