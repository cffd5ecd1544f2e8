using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>What a trace file says about itself beside its steps.</summary>
public sealed record TraceHeader
{
    /// <summary>The version of the format that this PimSim writes, and the only one that it reads.</summary>
    public const int FormatVersion = 2;

    /// <summary>What must be in memory before the first step.</summary>
    public required ModelFootprint Footprint { get; init; }

    /// <summary>What made the file, with its version.</summary>
    public required string Program { get; init; }

    /// <summary>How tokens were generated.</summary>
    public required string Technique { get; init; }

    /// <summary>What computed: <c>shape</c>, <c>cpu</c>, <c>cuda</c>, or the tool that a trace was imported from.</summary>
    public required string Backend { get; init; }

    /// <summary>Where times were measured; empty if nothing was measured.</summary>
    public required string Machine { get; init; }

    /// <summary>Tokens given, per sequence; 0 if not known.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens wanted, per sequence; 0 if not known.</summary>
    public required int GeneratedTokens { get; init; }

    /// <summary>Seed of all that was drawn.</summary>
    public required long Seed { get; init; }
}
