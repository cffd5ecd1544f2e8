namespace PimSim.Traces.Engine.Models;

/// <summary>The two stacks of blocks of an encoder-decoder.</summary>
public enum ModelStack : byte
{
    /// <summary>Reads the input, each token in view of all.</summary>
    Encoder,

    /// <summary>Generates, each token in view of those before it and of what the encoder has read.</summary>
    Decoder,
}
