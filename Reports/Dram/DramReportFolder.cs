using PimSim.Traces.Format.Documents;

namespace PimSim.Reports.Dram;

/// <summary>The folder that a DRAM run is written to: <c>statistics.json</c> and figures.</summary>
public static class DramReportFolder
{
    /// <summary>Writes all files; each is replaced whole or not at all.</summary>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static void Write(DramRun run, string folder)
    {
        byte[] statistics = DramStatisticsJson.Write(run);
        AtomicFile.Write(Path.Combine(folder, "statistics.json"), stream => stream.Write(statistics));
    }
}
