namespace PimSim.Traces.Format.Operators;

/// <summary>Which tokens of the context an attention looks at.</summary>
public enum AttentionMask : byte
{
    /// <summary>Those up to the token itself: the new tokens are the newest of the context.</summary>
    Causal,

    /// <summary>All of them: an encoder, or cross-attention over what an encoder has read.</summary>
    Bidirectional,
}
