namespace PimSim.Simulator.Serving;

/// <summary>Why a request was never run.</summary>
public enum RejectionReason
{
    /// <summary>Its prompt or its output has no tokens.</summary>
    Empty,

    /// <summary>Prompt and output together are longer than the model can take.</summary>
    LongerThanModel,

    /// <summary>Prompt and output together do not fit into the KV memory of a replica.</summary>
    LargerThanMemory,
}
