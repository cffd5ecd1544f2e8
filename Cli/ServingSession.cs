using PimSim.Experiments.Files;
using PimSim.Experiments.Serving;
using PimSim.Reports;
using PimSim.Reports.Serving;
using PimSim.Reports.Tables;

namespace PimSim.Cli;

/// <summary>One <c>pimsim run</c> of a serving experiment: reads, simulates with progress on standard error, and writes the report.</summary>
internal static class ServingSession
{
    public static void Run(RunRequest request, ExperimentFile file, CancellationToken cancellation)
    {
        request.RequireFewOptions("is a serving experiment");
        ServingExperiment experiment = ServingExperimentReader.Read(file);
        ServingRunner.Check(experiment);
        string folder = request.ReportFolder;
        ReportFolder.RequireWritable(folder);
        int points = experiment.Models.Count * experiment.Systems.Count * experiment.Loads.Count;
        ServingExperimentResult result = ScreenProgress.Watch(
            $"{points} points", points, onDone => ServingRunner.Run(experiment, request.Threads, () => onDone(1), cancellation));
        IReadOnlyList<string> files = ServingReportFolder.Write(result, folder);
        ScreenProgress.Say($"{files.Count} files in {folder}");
        foreach (ReportTable table in ServingTables.Of(result))
        {
            ScreenTables.Print(table);
        }
    }
}
