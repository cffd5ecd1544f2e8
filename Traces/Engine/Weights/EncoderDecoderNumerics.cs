namespace PimSim.Traces.Engine.Weights;

/// <summary>What an encoder-decoder's formulas need beside its weights: numbers that decide values but not shapes.</summary>
public sealed record EncoderDecoderNumerics
{
    /// <summary>Added to the variance or mean square of a normalisation.</summary>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>GELU by its tanh approximation (gelu_new); else by the error function.</summary>
    public bool GeluByTanh { get; init; } = true;

    /// <summary>Scores are divided by the square root of the head width. T5 leaves that to its weights.</summary>
    public bool ScaledScores { get; init; }

    /// <summary>What the head reads is multiplied by 1/sqrt(hidden width), as T5 does where the embedding table is the head.</summary>
    public bool ScaledHead { get; init; }

    /// <summary>Token that the decoder begins with.</summary>
    public int StartToken { get; init; }

    /// <summary>Token that ends a text, or -1.</summary>
    public int EndToken { get; init; } = -1;
}
