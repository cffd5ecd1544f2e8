using PimSim.Devices.Systems;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Files;

/// <summary>A system as an experiment uses it: under a label, and perhaps with parameters changed.</summary>
/// <param name="Label">Name in the results.</param>
/// <param name="Definition">The hardware, changes applied.</param>
/// <param name="ParameterChanges">What was changed.</param>
public sealed record ExperimentSystem(string Label, SystemDefinition Definition, IReadOnlyList<ParameterChange> ParameterChanges)
{
    /// <summary>What was changed, as <c>part.path = value</c>.</summary>
    public IReadOnlyList<string> Changes { get; } = [.. ParameterChanges.Select(change => $"{change.Part}.{change.Path} = {change.Value.RawText}")];
}

/// <summary>An experiment, read and checked: every model, or a recorded trace, on every system.</summary>
public sealed record Experiment
{
    /// <summary>What it is about.</summary>
    public required string Title { get; init; }

    /// <summary>Models by name; none where a trace is replayed.</summary>
    public required IReadOnlyList<(string Name, ModelShape Shape)> Models { get; init; }

    /// <summary>Systems.</summary>
    public required IReadOnlyList<ExperimentSystem> Systems { get; init; }

    /// <summary>Label of the system that the others are compared with.</summary>
    public required string Reference { get; init; }

    /// <summary>How tokens are generated; null where a trace is replayed.</summary>
    public required ChosenTechnique? Technique { get; init; }

    /// <summary>How much is generated; null where a trace is replayed.</summary>
    public required GenerationRequest? Request { get; init; }

    /// <summary>The trace that is replayed instead of models that generate.</summary>
    public RecordedTrace? Trace { get; init; }

    /// <summary>Published claims to put beside the results.</summary>
    public required IReadOnlyList<Claims.Claim> Claims { get; init; }

    /// <summary>SHA-256 over everything that the results depend on, in hexadecimal.</summary>
    public required string InputHash { get; init; }

    /// <summary>Names of the workloads: the models, or the model of the trace.</summary>
    public IReadOnlyList<string> WorkloadNames => Trace is null ? [.. Models.Select(model => model.Name)] : [Trace.Source.Footprint.Model];

    /// <summary>Technique, prompt, tokens and sequences, in words.</summary>
    public string Workload => Trace is not null
        ? Trace.Workload
        : $"{Technique!.Words}, {Request!.PromptTokens} prompt token(s), {Request.GeneratedTokens} generated, {Request.Sequences} sequence(s)";

    /// <summary>Steps that are simulated for each point, as far as is known: more than that where a technique commits less than a token in a step.</summary>
    public int StepsPerPoint => Trace?.Steps ?? Request!.GeneratedTokens;

    /// <summary>The steps of a workload.</summary>
    /// <param name="index">Position in <see cref="WorkloadNames"/>.</param>
    /// <exception cref="PimSimUserException">The model has too few positions.</exception>
    public IStepSource Source(int index) => Trace is not null ? Trace.Source : new GenerationSource(Models[index].Shape, Technique!.Technique.Program, Request!);

    /// <summary>The part that one of several devices has in steps that <see cref="Source(int)"/> made; with stages, one of each.</summary>
    /// <param name="whole">Steps of the whole model.</param>
    /// <param name="index">Position in <see cref="WorkloadNames"/>.</param>
    /// <param name="sharing">How devices share the model out.</param>
    /// <exception cref="PimSimUserException">The model cannot be shared out like that; a recorded trace cannot be shared out.</exception>
    public IStepSource Share(IStepSource whole, int index, SystemParallelism sharing) => Trace is null || sharing is { Ranks: 1, Pipeline: 1 }
        ? SharedSource.Of(whole, Models.Count > index ? Models[index].Shape : null, sharing)
        : throw new PimSimUserException($"'{Trace.Name}' holds the steps of a whole model; {sharing.Ranks * sharing.Pipeline} devices cannot share out a recorded trace. Name its model under 'models' instead");

    /// <summary>Layers of a workload.</summary>
    /// <param name="index">Position in <see cref="WorkloadNames"/>.</param>
    public int Layers(int index) => Trace is not null ? Trace.Source.Footprint.Layers : Models[index].Shape.Layers;
}
