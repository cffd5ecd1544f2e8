using PimSim.Devices.Systems;
using PimSim.Traces.Engine.Models;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Files;

/// <summary>A system as an experiment uses it: under a label, and perhaps with parameters changed.</summary>
/// <param name="Label">Name in the results.</param>
/// <param name="Definition">The hardware, changes applied.</param>
/// <param name="Changes">What was changed, as <c>part.path = value</c>.</param>
public sealed record ExperimentSystem(string Label, SystemDefinition Definition, IReadOnlyList<string> Changes);

/// <summary>An experiment, read and checked: every model on every system.</summary>
public sealed record Experiment
{
    /// <summary>What it is about.</summary>
    public required string Title { get; init; }

    /// <summary>Models by name.</summary>
    public required IReadOnlyList<(string Name, ModelShape Shape)> Models { get; init; }

    /// <summary>Systems.</summary>
    public required IReadOnlyList<ExperimentSystem> Systems { get; init; }

    /// <summary>Label of the system that the others are compared with.</summary>
    public required string Reference { get; init; }

    /// <summary>How tokens are generated.</summary>
    public required ITechnique Technique { get; init; }

    /// <summary>How much is generated.</summary>
    public required GenerationRequest Request { get; init; }

    /// <summary>Published claims to put beside the results.</summary>
    public required IReadOnlyList<Claims.Claim> Claims { get; init; }

    /// <summary>SHA-256 over everything that the results depend on, in hexadecimal.</summary>
    public required string InputHash { get; init; }
}
