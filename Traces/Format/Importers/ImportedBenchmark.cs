using System.Collections.Immutable;
using PimSim.Traces.Format.Requests;

namespace PimSim.Traces.Format.Importers;

/// <summary>How the requests of a benchmark fared in a real serving system: what a simulated serving system is held against.</summary>
public sealed class ImportedBenchmark : ImportedTrace
{
    internal ImportedBenchmark(string path, ImportFormat format, string? model, ImmutableArray<MeasuredRequest> requests)
        : base(path, format)
    {
        Model = model;
        Requests = requests;
    }

    /// <summary>The model that was served; null where that is not recorded.</summary>
    public string? Model { get; }

    /// <summary>In the order of the file.</summary>
    public ImmutableArray<MeasuredRequest> Requests { get; }

    /// <inheritdoc/>
    public override string Description => $"{Format.Name()}: {Requests.Length} requests as {Model ?? "a model that is not named"} served them";
}
