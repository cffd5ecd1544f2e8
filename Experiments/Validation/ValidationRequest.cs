using System.Collections.Immutable;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Validation;

/// <summary>What to compare with what.</summary>
/// <param name="Paths">Files and folders of measurements.</param>
/// <param name="Device">A GPU of the catalogue.</param>
/// <param name="Stack">A stack of the catalogue.</param>
public sealed record ValidationRequest(ImmutableArray<string> Paths, string Device, string Stack)
{
    /// <summary>Software of the collectives; null takes that of the stack, or <see cref="ValidationSetup.DefaultCollectives"/> if it names none.</summary>
    public string? Collectives { get; init; }

    /// <summary>Link of the collectives; null takes that of the device's data sheet.</summary>
    public string? Link { get; init; }

    /// <summary>Classes to compare; empty compares all.</summary>
    public ImmutableArray<MeasurementClass> Classes { get; init; } = [];

    /// <summary>Threads; the result does not depend on them.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>A user's own catalogue beside the shipped one.</summary>
    public string? Catalogue { get; init; }
}
