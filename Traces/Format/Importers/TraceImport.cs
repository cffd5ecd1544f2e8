using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers.Kineto;
using PimSim.Traces.Format.Importers.Nsight;
using PimSim.Traces.Format.Importers.Requests;
using PimSim.Traces.Format.Importers.Vidur;
using PimSim.Traces.Format.Importers.Vllm;

namespace PimSim.Traces.Format.Importers;

/// <summary>
/// Reads the traces of other tools. Only the given file is read, nothing in it is executed, and whatever is wrong with it
/// is one <see cref="PimSimUserException"/> with file and place. Any of them may be gzip.
/// </summary>
public static class TraceImport
{
    /// <summary>
    /// Opens a file. Steps and benchmarks are read whole; requests and measurements are read while they are consumed, so
    /// their errors may come then.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="format">Whose file it is; null finds out from its content.</param>
    /// <param name="options">What the file does not say.</param>
    /// <exception cref="PimSimUserException">The file cannot be read, or is no file of that format.</exception>
    public static ImportedTrace Open(string path, ImportFormat? format = null, ImportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ImportOptions chosen = options ?? ImportOptions.Default;
        ImportFormat known = format ?? FormatDetector.Detect(path, chosen.Limits);
        return known switch
        {
            ImportFormat.Kineto => KinetoImporter.Read(path, chosen),
            ImportFormat.NsightKernelSummary => NsightKernelSummary.Read(path, chosen),
            ImportFormat.NsightGpuTrace => NsightGpuTrace.Read(path, chosen),
            ImportFormat.VidurMlp => new ImportedMeasurements(path, known, () => VidurMlp.Read(path, chosen)),
            ImportFormat.VidurAttention => new ImportedMeasurements(path, known, () => VidurAttention.Read(path, chosen)),
            ImportFormat.Azure => new ImportedRequests(path, known, () => AzureRequests.Read(path, chosen)),
            ImportFormat.BurstGpt => new ImportedRequests(path, known, () => BurstGptRequests.Read(path, chosen)),
            ImportFormat.Mooncake => new ImportedRequests(path, known, () => MooncakeRequests.Read(path, chosen)),
            ImportFormat.VllmBenchmark => VllmBenchmark.Read(path, chosen),
            ImportFormat.VllmRequests => VllmRequests.Read(path, chosen),
            _ => throw new ArgumentOutOfRangeException(nameof(format)),
        };
    }
}
