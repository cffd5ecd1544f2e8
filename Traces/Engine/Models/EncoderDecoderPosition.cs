namespace PimSim.Traces.Engine.Models;

/// <summary>How an encoder-decoder knows where a token stands.</summary>
public enum EncoderDecoderPosition : byte
{
    /// <summary>
    /// Each head adds a learned number for the distance of query and key to their score (T5); one table per stack, used by all its layers.
    /// Cross-attention has none.
    /// </summary>
    RelativeBuckets,

    /// <summary>A table of learned vectors per stack, added to the token embedding.</summary>
    Learned,
}
