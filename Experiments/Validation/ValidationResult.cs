using System.Collections.Immutable;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Validation;

/// <summary>Measurements beside predictions, and how far they are apart.</summary>
public sealed record ValidationResult
{
    /// <summary>Version of PimSim.</summary>
    public required string Version { get; init; }

    /// <summary>The device that was predicted.</summary>
    public required string Device { get; init; }

    /// <summary>Its software.</summary>
    public required string Stack { get; init; }

    /// <summary>Software of the collectives.</summary>
    public required string Collectives { get; init; }

    /// <summary>Link of the collectives; null where the device has none.</summary>
    public required string? Link { get; init; }

    /// <summary>Files that were read, as they were given or found.</summary>
    public required ImmutableArray<string> Files { get; init; }

    /// <summary>Files of folders that hold no measurements.</summary>
    public required ImmutableArray<SkippedFile> SkippedFiles { get; init; }

    /// <summary>What a reader should know before the numbers.</summary>
    public required ImmutableArray<string> Warnings { get; init; }

    /// <summary>Rows that are compared, in the order of the files.</summary>
    public required ImmutableArray<ComparedRow> Rows { get; init; }

    /// <summary>Rows that are not, by reason.</summary>
    public required ImmutableArray<SkippedRows> Skipped { get; init; }

    /// <summary>What rows were assumed to be where they do not say it, with how many of those compared.</summary>
    public required ImmutableArray<(string Assumption, int Count)> Assumptions { get; init; }

    /// <summary>Errors by class, in the order of the enumeration.</summary>
    public required ImmutableArray<ClassErrors> Classes { get; init; }

    /// <summary>Errors of all rows together.</summary>
    public required ClassErrors All { get; init; }
}
