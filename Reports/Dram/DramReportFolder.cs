using PimSim.Reports.Figures;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports.Dram;

/// <summary>The folder that a DRAM run is written to: <c>statistics.json</c> and figures.</summary>
public static class DramReportFolder
{
    /// <summary>Writes all files; everything is made before the first is replaced, and each is replaced whole or not at all.</summary>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static void Write(DramRun run, string folder)
    {
        ArgumentNullException.ThrowIfNull(run);
        byte[] statistics = DramStatisticsJson.Write(run);
        string footer = $"PimSim {Figure.ShortVersion(run.Version)} · {Path.GetFileName(run.Trace)} · {Path.GetFileName(run.Setup.Memory.Name)} · {run.Setup.Policy.Name}";
        IReadOnlyList<RenderedFigure> figures = DramFigures.Render(run.Channels, footer);
        AtomicFile.Write(Path.Combine(folder, "statistics.json"), stream => stream.Write(statistics));
        FigureFiles.Write(figures, folder);
    }
}
