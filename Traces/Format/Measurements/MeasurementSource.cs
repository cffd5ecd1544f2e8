using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Reading;

namespace PimSim.Traces.Format.Measurements;

/// <summary>A file that is being read, with what is known about it from elsewhere.</summary>
internal sealed class MeasurementSource
{
    public MeasurementSource(string path, MeasurementOptions options)
    {
        Path = path;
        Options = options;
        string? folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path));
        Model = options.Model ?? ModelNames.OfFolder(folder);
        File = path;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>The same, for messages and measurements.</summary>
    public string File { get; }

    public MeasurementOptions Options { get; }

    /// <summary>The measured model: as given, or the last folders of the path.</summary>
    public string Model { get; }

    /// <summary>The file's name says that its times are those of kernels.</summary>
    public bool KernelOnly => System.IO.Path.GetFileNameWithoutExtension(Path).EndsWith("kernel_only", StringComparison.Ordinal);

    public ImportLimits Limits => Options.Limits;

    /// <summary>Sizes of the measured model.</summary>
    /// <exception cref="PimSimUserException">Nobody knows them.</exception>
    public ModelSizes RequireSizes() => Options.Shapes?.Find(Model)
        ?? throw ImportError.Of(Path, $"names no sizes of its model, and those of {ImportError.Show(Model)} are not known; name a model whose sizes are known");
}
