using System.Text;
using PimSim.Experiments.Validation;
using PimSim.Reports.Figures;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports.Validation;

/// <summary>The folder that a validation is written to; docs/validation.md says what each file holds.</summary>
public static class ValidationReportFolder
{
    /// <summary>Writes all files; everything is made before the first is replaced, and each is replaced whole or not at all.</summary>
    /// <returns>Paths of the files, in the order written.</returns>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static IReadOnlyList<string> Write(ValidationResult result, string folder)
    {
        IReadOnlyList<RenderedFigure> figures = ValidationFigures.Render(result);
        List<(string Path, byte[] Content)> files =
        [
            .. FigureFiles.Contents(figures, folder),
            (Path.Combine(folder, "validation.json"), ValidationJson.Write(result)),
            (Path.Combine(folder, "validation.csv"), Encoding.UTF8.GetBytes(ValidationCsv.Write(result))),
            (Path.Combine(folder, "report.html"), Encoding.UTF8.GetBytes(ValidationPage.Of(result, figures))),
        ];
        foreach ((string path, byte[] content) in files)
        {
            AtomicFile.Write(path, stream => stream.Write(content));
        }

        return [.. files.Select(file => file.Path)];
    }
}
