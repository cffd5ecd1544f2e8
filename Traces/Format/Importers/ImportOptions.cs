using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers;

/// <summary>What a file does not say and its reader may know.</summary>
public sealed record ImportOptions
{
    /// <summary>The options that hold where nobody sets others.</summary>
    public static readonly ImportOptions Default = new();

    /// <summary>The phase that imported operators and steps are given: no profiler records it.</summary>
    public Phase Phase { get; init; } = Phase.Prefill;

    /// <summary>Size limits.</summary>
    public ImportLimits Limits { get; init; } = ImportLimits.Default;
}
