using PimSim.Simulator.Kernel;

namespace PimSim.Simulator.Serving.Metrics;

/// <summary>What users expect of a request; one that keeps both limits counts towards goodput.</summary>
/// <param name="TimeToFirstToken">Longest time from arrival to the first token.</param>
/// <param name="TimePerOutputToken">Longest mean time between tokens after the first.</param>
public sealed record ServiceLevels(Picoseconds TimeToFirstToken, Picoseconds TimePerOutputToken)
{
    /// <summary>Whether a request kept them.</summary>
    public bool Keeps(in RequestRecord request) =>
        request.TimeToFirstToken <= TimeToFirstToken && request.TimePerOutputToken <= TimePerOutputToken;
}
