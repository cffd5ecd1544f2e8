namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// The scaling of LLaMA 3.1 (its <c>config.json</c>, <c>rope_type</c> llama3): what a pair turns within the original window decides. Pairs of
/// many turns stay, pairs of few are slowed by the factor, and between them the share of the two frequencies is linear in the turns.
/// </summary>
/// <param name="Factor">How much slower the slow pairs turn.</param>
/// <param name="LowTurns">Turns in the original window up to which a pair is slow (<c>low_freq_factor</c>).</param>
/// <param name="HighTurns">Turns from which it stays as it is (<c>high_freq_factor</c>).</param>
/// <param name="OriginalPositions">Tokens of the original window.</param>
public sealed record Llama3RopeScaling(double Factor, double LowTurns, double HighTurns, int OriginalPositions) : RopeScaling
{
    /// <inheritdoc/>
    public override double Frequency(double plain, int pair, int width, double ropeBase)
    {
        double turns = OriginalPositions * plain / (2 * Math.PI);
        if (turns >= HighTurns)
        {
            return plain;
        }

        if (turns <= LowTurns)
        {
            return plain / Factor;
        }

        double kept = (turns - LowTurns) / (HighTurns - LowTurns);
        return (kept * plain) + ((1 - kept) * plain / Factor);
    }
}
