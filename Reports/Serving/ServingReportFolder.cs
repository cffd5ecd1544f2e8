using System.Text;
using PimSim.Experiments.Serving;
using PimSim.Reports.Figures;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports.Serving;

/// <summary>The folder that a serving experiment is written to; docs/serving-reports.md says what each file holds.</summary>
public static class ServingReportFolder
{
    /// <summary>
    /// Writes all files, each replaced whole or not at all. All but the two long ones (requests, timeline) are made before the first is
    /// replaced.
    /// </summary>
    /// <returns>Paths of the files, in the order written.</returns>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static IReadOnlyList<string> Write(ServingExperimentResult result, string folder)
    {
        ArgumentNullException.ThrowIfNull(result);
        IReadOnlyList<RenderedFigure> figures = ServingFigures.Render(result);
        List<(string Path, Action<Stream> Write)> files =
        [
            .. FigureFiles.Contents(figures, folder).Select(file => (file.Path, Whole(file.Content))),
            (Path.Combine(folder, "serving.json"), Whole(ServingJson.Write(result))),
            .. result.Claims.Count == 0 ? [] : new[] { (Path.Combine(folder, "claims.csv"), Whole(Encoding.UTF8.GetBytes(ResultCsv.Claims(result.Claims)))) },
            (Path.Combine(folder, "points.csv"), Whole(Encoding.UTF8.GetBytes(ServingCsv.Points(result)))),
            (Path.Combine(folder, "requests.csv"), stream => WriteRequests(result, stream)),
            (Path.Combine(folder, "timeline.trace.json"), stream => ServingTraceJson.Write(result, stream)),
            (Path.Combine(folder, "report.html"), Whole(Encoding.UTF8.GetBytes(ServingPage.Of(result, figures)))),
        ];
        foreach ((string path, Action<Stream> write) in files)
        {
            AtomicFile.Write(path, write);
        }

        return [.. files.Select(file => file.Path)];
    }

    private static Action<Stream> Whole(byte[] content) => stream => stream.Write(content);

    private static void WriteRequests(ServingExperimentResult result, Stream stream)
    {
        using StreamWriter writer = new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16, leaveOpen: true);
        ServingCsv.WriteRequests(result, writer);
    }
}
