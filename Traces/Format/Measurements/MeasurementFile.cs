using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Measurements;

/// <summary>One file of measurements. Its rows are read while they are consumed, again for each call, so their errors come then.</summary>
public sealed class MeasurementFile
{
    private readonly MeasurementSource _source;
    private readonly MeasurementFormatEntry _entry;

    private MeasurementFile(MeasurementSource source, MeasurementFormatEntry entry)
    {
        _source = source;
        _entry = entry;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path => _source.Path;

    /// <summary>Whose file it is.</summary>
    public MeasurementFormat Format => _entry.Format;

    /// <summary>The model that was measured where the file is about one: as given, or as the path names it.</summary>
    public string Model => _source.Model;

    /// <summary>Opens a file.</summary>
    /// <exception cref="PimSimUserException">It cannot be read, or is of no format that is known.</exception>
    public static MeasurementFile Open(string path, MeasurementOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        MeasurementSource source = new(path, options ?? MeasurementOptions.Default);
        return new MeasurementFile(source, source.Options.Format is { } format ? MeasurementFormats.Of(format) : MeasurementDetector.Detect(source));
    }

    /// <summary>Measured operators, in the order of the file.</summary>
    public IEnumerable<Measurement> Measurements() => _entry.Rows(_source);
}
