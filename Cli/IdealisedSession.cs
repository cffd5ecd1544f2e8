using PimSim.Experiments.Files;
using PimSim.Experiments.Idealised;
using PimSim.Reports;
using PimSim.Reports.Idealised;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Documents;

namespace PimSim.Cli;

/// <summary>One <c>pimsim run</c> of an experiment with idealised metrics: reads, simulates with progress on standard error, and writes the tables.</summary>
internal static class IdealisedSession
{
    public static int Run(RunRequest request, ExperimentFile file, CancellationToken cancellation)
    {
        if (request.CommandsFile is not null || request.Check || request.Exact || request.Selection.Models.Count > 0 || request.Selection.Systems.Count > 0 || request.Selection.Tokens is not null)
        {
            throw new PimSimUserException($"{request.ExperimentFile} has idealised metrics: of the options only --out and --threads go with it");
        }

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

        return 0;
    }
}
