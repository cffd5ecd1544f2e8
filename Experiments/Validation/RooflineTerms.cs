namespace PimSim.Experiments.Validation;

/// <summary>The two times that a roofline takes the larger of.</summary>
/// <param name="ComputeNs">FLOPs at the peak rate of the data type.</param>
/// <param name="MemoryNs">Bytes at the peak bandwidth; of a collective, bytes on the wire at the payload rate of the link.</param>
public readonly record struct RooflineTerms(double ComputeNs, double MemoryNs)
{
    /// <summary>One operator after the other, with one kernel's overlap of computing and moving.</summary>
    public static RooflineTerms operator +(RooflineTerms a, RooflineTerms b) => new(a.ComputeNs + b.ComputeNs, a.MemoryNs + b.MemoryNs);
}
