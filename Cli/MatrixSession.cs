using PimSim.Experiments.Files;
using PimSim.Experiments.Matrix;
using PimSim.Reports;
using PimSim.Reports.Matrix;
using PimSim.Reports.Tables;

namespace PimSim.Cli;

/// <summary>One <c>pimsim run</c> of a matrix of techniques and systems: reads, simulates with progress on standard error, and writes the report.</summary>
internal static class MatrixSession
{
    private const int Bug = 70;

    public static int Run(RunRequest request, ExperimentFile file, CancellationToken cancellation)
    {
        request.RequireFewOptions("is a matrix of techniques and systems", choosesSystems: true);
        MatrixExperiment experiment = MatrixExperimentReader.Read(file, request.Selection);
        string folder = request.ReportFolder;
        ReportFolder.RequireWritable(folder);
        MatrixResult result = ScreenProgress.Watch(
            $"{experiment.Techniques.Count} techniques x {experiment.Systems.Count} systems", experiment.Tasks.Count, onDone => MatrixRunner.Run(experiment, request.Threads, () => onDone(1), cancellation));
        IReadOnlyList<string> files = MatrixFolder.Write(result, folder);
        ScreenProgress.Say($"{files.Count} files in {folder}");
        foreach (ReportTable table in MatrixTables.OnScreen(result))
        {
            ScreenTables.Print(table);
        }

        return result.Points.Any(point => point.IsBug) ? Bug : 0;
    }
}
