namespace PimSim.Traces.Format.Measurements;

/// <summary>Kinds of measured work that behave alike, the rows of a validation table.</summary>
public enum MeasurementClass : byte
{
    /// <summary>Dense products with weights.</summary>
    Linear,

    /// <summary>Attention of one new token per sequence.</summary>
    DecodeAttention,

    /// <summary>Attention of many new tokens per sequence.</summary>
    PrefillAttention,

    /// <summary>Attention of sequences of unequal length in one launch.</summary>
    MixedAttention,

    /// <summary>Activations and sums.</summary>
    Elementwise,

    /// <summary>Normalisations.</summary>
    Norm,

    /// <summary>A softmax by itself.</summary>
    Softmax,

    /// <summary>Rotary position embedding.</summary>
    Rope,

    /// <summary>Look-up of token embeddings.</summary>
    Embedding,

    /// <summary>Routing and experts of a mixture-of-experts layer.</summary>
    Moe,

    /// <summary>Communication between devices.</summary>
    Collective,

    /// <summary>A whole model from the start of a batch to its first tokens.</summary>
    PromptStep,

    /// <summary>A whole model's step of one more token for each sequence of a batch, the mean of a run.</summary>
    TokenStep,

    /// <summary>A whole model from the start of a batch to its last tokens.</summary>
    WholeRun,

    /// <summary>What no other class fits.</summary>
    Other,
}
