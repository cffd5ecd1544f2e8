using PimSim.Experiments.Files;
using PimSim.Experiments.Idealised;
using PimSim.Reports;
using PimSim.Reports.Idealised;
using PimSim.Reports.Tables;

namespace PimSim.Cli;

/// <summary>One <c>pimsim run</c> of an experiment with idealised metrics: reads, simulates with progress on standard error, and writes the tables.</summary>
internal static class IdealisedSession
{
    public static void Run(RunRequest request, ExperimentFile file, CancellationToken cancellation)
    {
        request.RequireFewOptions("has idealised metrics");
        IdealisedExperiment experiment = IdealisedExperimentReader.Read(file);
        IdealisedRunner.Check(experiment);
        string folder = request.ReportFolder;
        ReportFolder.RequireWritable(folder, hasFigures: false);
        int points = experiment.Models.Count * experiment.Systems.Count;
        IdealisedExperimentResult result = ScreenProgress.Watch(
            $"{points} points", points, onDone => IdealisedRunner.Run(experiment, request.Threads, () => onDone(1), cancellation));
        IReadOnlyList<string> files = IdealisedReportFolder.Write(result, folder);
        ScreenProgress.Say($"{files.Count} files in {folder}");
        foreach (ReportTable table in IdealisedTables.All(result))
        {
            ScreenTables.Print(table);
        }
    }
}
