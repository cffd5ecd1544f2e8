namespace PimSim.Simulator.Serving.Policies;

/// <summary>How much memory a request gets at admission where memory does not grow with the sequence.</summary>
public enum KvReservation
{
    /// <summary>As much as the model's longest sequence needs.</summary>
    ModelLength,

    /// <summary>The prompt and the output, the latter rounded up to a power of two.</summary>
    PowerOfTwo,

    /// <summary>Just what it will need: an oracle.</summary>
    Exact,
}
