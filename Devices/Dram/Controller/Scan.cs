namespace PimSim.Devices.Dram.Controller;

/// <summary>How the next command is looked for. The results are the same.</summary>
internal enum Scan : byte
{
    /// <summary>Bank by bank while few banks have candidates, else by vectors.</summary>
    ByLoad,

    /// <summary>Bank by bank: the readable reference.</summary>
    Scalar,

    /// <summary>Sixteen banks at a time.</summary>
    Vector,
}
