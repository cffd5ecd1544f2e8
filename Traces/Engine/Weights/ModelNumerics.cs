namespace PimSim.Traces.Engine.Weights;

/// <summary>Which two channels of a head a rotary embedding rotates together.</summary>
public enum RopePairs : byte
{
    /// <summary>Channel i and i + half of the rotated width (Hugging Face LLaMA, NeoX).</summary>
    Halves,

    /// <summary>Channel 2i and 2i + 1 (the original LLaMA, llama2.c).</summary>
    Neighbours,
}

/// <summary>What a model's formulas need beside its weights: numbers that decide values but not shapes.</summary>
public sealed record ModelNumerics
{
    /// <summary>Added to the variance or mean square of a normalisation.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeBase { get; init; } = 10_000;

    /// <summary>How the rotary frequencies are changed to read further; null for not at all.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Which channels are rotated together.</summary>
    public RopePairs RopePairs { get; init; }

    /// <summary>GELU by its tanh approximation (gelu_new); else by the error function.</summary>
    public bool GeluByTanh { get; init; } = true;

    /// <summary>Token that begins a text, or -1.</summary>
    public int BeginToken { get; init; } = -1;

    /// <summary>Token that ends a text, or -1.</summary>
    public int EndToken { get; init; } = -1;
}
