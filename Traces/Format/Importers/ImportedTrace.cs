namespace PimSim.Traces.Format.Importers;

/// <summary>
/// What a file turned out to hold: <see cref="ImportedSteps"/>, <see cref="ImportedMeasurements"/>,
/// <see cref="ImportedRequests"/> or <see cref="ImportedBenchmark"/>.
/// </summary>
public abstract class ImportedTrace
{
    private protected ImportedTrace(string path, ImportFormat format)
    {
        Path = path;
        Format = format;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Whose file it is.</summary>
    public ImportFormat Format { get; }

    /// <summary>What it holds, in one line.</summary>
    public abstract string Description { get; }
}
