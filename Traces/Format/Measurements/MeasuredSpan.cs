namespace PimSim.Traces.Format.Measurements;

/// <summary>What a measured time spans.</summary>
public enum MeasuredSpan : byte
{
    /// <summary>The source does not say.</summary>
    Unstated,

    /// <summary>The kernels alone.</summary>
    Kernel,

    /// <summary>The operator as a framework runs it, launch included.</summary>
    Launch,
}
