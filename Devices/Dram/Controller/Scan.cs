namespace PimSim.Devices.Dram.Controller;

/// <summary>How the next command is looked for. The results are the same.</summary>
internal enum Scan : byte
{
    /// <summary>By vectors, unless one bank alone has a candidate: then there is nothing to look for.</summary>
    ByLoad,

    /// <summary>Bank by bank: the readable reference.</summary>
    Scalar,

    /// <summary>Always by vectors: sixteen banks at a time.</summary>
    Vector,
}
