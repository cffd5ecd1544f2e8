using PimSim.Experiments.Files;
using PimSim.Experiments.Techniques;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Matrix;

/// <summary>What all techniques run beside models of their own.</summary>
/// <param name="Model">A decoder.</param>
/// <param name="PromptTokens">Tokens of each prompt.</param>
/// <param name="GeneratedTokens">Tokens wanted of each sequence.</param>
/// <param name="Batches">Sequences at once, a column of points each.</param>
public sealed record CommonWorkload(string Model, int PromptTokens, int GeneratedTokens, IReadOnlyList<int> Batches);

/// <summary>Every technique on every system, read and checked.</summary>
public sealed record MatrixExperiment
{
    /// <summary>What it is about.</summary>
    public required string Title { get; init; }

    /// <summary>Techniques, those of a family together.</summary>
    public required IReadOnlyList<TechniqueEntry> Techniques { get; init; }

    /// <summary>Systems.</summary>
    public required IReadOnlyList<ExperimentSystem> Systems { get; init; }

    /// <summary>What all run; null for nothing.</summary>
    public required CommonWorkload? Common { get; init; }

    /// <summary>Techniques run what their own papers ran, too.</summary>
    public required bool Own { get; init; }

    /// <summary>Tokens that are generated at most on systems that take long, by label.</summary>
    public required IReadOnlyDictionary<string, int> FewerTokens { get; init; }

    /// <summary>The points, technique after technique, each with what it is compared with.</summary>
    public required IReadOnlyList<MatrixTask> Tasks { get; init; }

    /// <summary>Runs the points.</summary>
    public required TechniqueRunner Runner { get; init; }

    /// <summary>SHA-256 over everything that the results depend on, in hexadecimal.</summary>
    public required string InputHash { get; init; }
}

/// <summary>A point that is to be run.</summary>
/// <param name="Technique">The technique.</param>
/// <param name="System">Label of the system.</param>
/// <param name="Workload">A word: <c>own</c>, or <c>batch N</c> of the common model.</param>
/// <param name="Run">The run; null where the technique has none of its own.</param>
/// <param name="Plain">Plain decoding of the same; null where the technique has none of its own.</param>
/// <param name="IsSequences">Rates are sequences per second: what is generated is no text, and techniques differ in how many tokens it has.</param>
/// <param name="WantedTokens">Tokens that were asked for, before those of the system were limited.</param>
public sealed record MatrixTask(TechniqueEntry Technique, string System, string Workload, TechniqueRun? Run, TechniqueRun? Plain, bool IsSequences, int WantedTokens);
