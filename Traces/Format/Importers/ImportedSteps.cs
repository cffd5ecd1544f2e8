using System.Collections.Immutable;
using System.Globalization;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers;

/// <summary>
/// Steps of measured operators. What the model holds in memory is not in such a file, so the footprint is empty: a system
/// that must place weights before it runs cannot replay it.
/// </summary>
public sealed class ImportedSteps : ImportedTrace, IStepSource
{
    private readonly ImmutableArray<Step> _steps;

    internal ImportedSteps(string path, ImportFormat format, ImmutableArray<Step> steps, ImportSummary summary)
        : base(path, format)
    {
        _steps = steps;
        Summary = summary;
        Footprint = EmptyFootprint(path);
    }

    /// <summary>What was matched and what stays opaque.</summary>
    public ImportSummary Summary { get; }

    /// <inheritdoc/>
    public ModelFootprint Footprint { get; }

    /// <inheritdoc/>
    public override string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{Format.Name()}: {_steps.Length} steps, {Summary.Activities} GPU activities in {Summary.BusyNanoseconds / 1000.0:F3} us; {Summary.MatchedActivities} of them ({Summary.MatchedShare:P1} of the time) matched to operators, {Summary.OpaqueActivities} kept opaque");

    /// <inheritdoc/>
    public IEnumerable<Step> Steps() => _steps;

    internal static ModelFootprint EmptyFootprint(string path) => new(
        System.IO.Path.GetFileName(path),
        [],
        OtherParameters: 0,
        Layers: 0,
        KvWidth: 0,
        HeadDim: 0,
        ReservedContext: 0,
        Sequences: 0,
        DataType.Fp16,
        DataType.Fp16);
}
