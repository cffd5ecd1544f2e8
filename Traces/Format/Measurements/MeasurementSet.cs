using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Measurements;

/// <summary>The files of measurements at a path: that one, or all below a folder in the order of their names.</summary>
/// <param name="Files">Those that are read.</param>
/// <param name="Skipped">Those that are not, with the reason. Empty for a single file, which is read or refused.</param>
public sealed record MeasurementSet(ImmutableArray<MeasurementFile> Files, ImmutableArray<SkippedFile> Skipped)
{
    /// <summary>Opens a file or a folder.</summary>
    /// <exception cref="PimSimUserException">The file cannot be read; nothing in the folder can.</exception>
    public static MeasurementSet Open(string path, MeasurementOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!Directory.Exists(path))
        {
            return new MeasurementSet([MeasurementFile.Open(path, options)], []);
        }

        ImmutableArray<MeasurementFile>.Builder files = ImmutableArray.CreateBuilder<MeasurementFile>();
        ImmutableArray<SkippedFile>.Builder skipped = ImmutableArray.CreateBuilder<SkippedFile>();
        foreach (string file in FilesBelow(path))
        {
            try
            {
                files.Add(MeasurementFile.Open(file, options));
            }
            catch (PimSimUserException fault)
            {
                skipped.Add(new SkippedFile(file, fault.Message));
            }
        }

        return files.Count > 0
            ? new MeasurementSet(files.DrainToImmutable(), skipped.DrainToImmutable())
            : throw new PimSimUserException($"{path}: none of its {skipped.Count} files holds measurements of a known format ({string.Join(", ", MeasurementFormats.Names)}){(skipped.Count > 0 ? $"; the first: {skipped[0].Reason}" : "")}");
    }

    /// <summary>Measured operators of all files.</summary>
    public IEnumerable<Measurement> Measurements() => Files.SelectMany(file => file.Measurements());

    /// <summary>Measured runs of all files.</summary>
    public IEnumerable<EndToEndMeasurement> EndToEnd() => Files.SelectMany(file => file.EndToEnd());

    private static string[] FilesBelow(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{folder}: cannot be read: {fault.Message}", fault);
        }
    }
}
