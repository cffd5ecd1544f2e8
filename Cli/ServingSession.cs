using System.Globalization;
using PimSim.Experiments.Serving;
using PimSim.Reports;
using PimSim.Reports.Serving;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Documents;
using Spectre.Console;

namespace PimSim.Cli;

/// <summary>One <c>pimsim run</c> of a serving experiment: reads, simulates with progress on standard error, and writes the report.</summary>
internal static class ServingSession
{
    public static void Run(RunRequest request, CancellationToken cancellation)
    {
        if (request.CommandsFile is not null || request.Check || request.Exact || request.Selection.Models.Count > 0 || request.Selection.Systems.Count > 0 || request.Selection.Tokens is not null)
        {
            throw new PimSimUserException($"{request.ExperimentFile} is a serving experiment: of the options only --out and --threads go with it");
        }

        ServingExperiment experiment = ServingExperimentReader.Read(request.ExperimentFile);
        string folder = request.Folder ?? Path.Combine("results", Path.GetFileNameWithoutExtension(request.ExperimentFile));
        ReportFolder.RequireWritable(folder);
        IAnsiConsole errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        ServingExperimentResult result = errors.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                int points = experiment.Models.Count * experiment.Systems.Count * experiment.Loads.Count;
                ProgressTask task = context.AddTask($"{points} points", maxValue: points);
                int done = 0;
                return ServingRunner.Run(experiment, request.Threads, () => task.Value = Interlocked.Increment(ref done), cancellation);
            });
        IReadOnlyList<string> files = ServingReportFolder.Write(result, folder);
        errors.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{files.Count} files in {folder}");
        foreach (ReportTable table in ServingTables.Of(result))
        {
            ScreenTables.Print(table);
        }
    }
}
