using PimSim.Experiments.Results;
using PimSim.Reports.Figures;
using PimSim.Reports.Html;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports;

/// <summary>The folder that a result is written to; docs/reports.md says what each file holds.</summary>
public static class ReportFolder
{
    /// <summary>Name of the file that holds all of a result.</summary>
    public const string ResultsFile = "results.json";

    /// <summary>
    /// Makes sure, before hours of simulation, that results can be written: creates the folder and a file in it that is
    /// removed at once.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="hasFigures">Whether it will hold a folder of figures.</param>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static void RequireWritable(string folder, bool hasFigures = true)
    {
        string probe = Path.Combine(hasFigures ? Path.Combine(folder, FigureFiles.Folder) : folder, Path.GetRandomFileName());
        AtomicFile.WriteText(probe, "");
        File.Delete(probe);
    }

    /// <summary>
    /// Writes <c>results.json</c>, <c>results.csv</c>, <c>claims.csv</c> (if there are claims), <c>report.html</c> and the
    /// figures. Everything is made before the first file is replaced; each file is replaced whole or not at all.
    /// </summary>
    /// <returns>Paths of the files, in the order written.</returns>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static IReadOnlyList<string> Write(ExperimentResult result, string folder)
    {
        IReadOnlyList<RenderedFigure> figures = FigureSet.Render(result);
        List<(string Path, byte[] Content)> files = [.. FigureFiles.Contents(figures, folder)];
        files.Add((Path.Combine(folder, ResultsFile), ResultJson.Write(result)));
        files.Add((Path.Combine(folder, "results.csv"), Utf8(ResultCsv.Points(result))));
        if (result.Claims.Count > 0)
        {
            files.Add((Path.Combine(folder, "claims.csv"), Utf8(ResultCsv.Claims(result.Claims))));
        }

        files.Add((Path.Combine(folder, "report.html"), Utf8(HtmlReport.Of(result, figures))));
        foreach ((string path, byte[] content) in files)
        {
            AtomicFile.Write(path, stream => stream.Write(content));
        }

        return [.. files.Select(file => file.Path)];
    }

    /// <summary>Reads the result that was written to a folder, or a results file itself.</summary>
    /// <exception cref="PimSimUserException">There is none, or it is not a result.</exception>
    public static ExperimentResult Read(string path) => ResultJson.Read(Directory.Exists(path) ? Path.Combine(path, ResultsFile) : path);

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
