using System.Globalization;
using PimSim.Devices.Pim;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;
using PimSim.Experiments.Running;
using PimSim.Reports;
using PimSim.Traces.Format.Documents;
using Spectre.Console;

namespace PimSim.Cli;

/// <summary>What the user asked <c>pimsim run</c> for.</summary>
internal sealed record RunRequest(
    string ExperimentFile,
    string? Folder,
    ExperimentSelection Selection,
    string? CommandsFile,
    bool Check,
    bool Exact,
    int Threads);

/// <summary>One <c>pimsim run</c>: reads, checks, simulates with progress on standard error, and writes the report.</summary>
internal sealed class ExperimentSession(RunRequest request)
{
    public ExperimentResult Run(CancellationToken cancellation)
    {
        Experiment experiment = ExperimentReader.Read(request.ExperimentFile, request.Selection);
        string folder = request.Folder ?? Path.Combine("results", Path.GetFileNameWithoutExtension(request.ExperimentFile));
        if (request.CommandsFile is not null)
        {
            CommandWatch.RequireTraceable(experiment);
            if (request.Check)
            {
                throw new PimSimUserException("--commands and --check are one or the other");
            }
        }

        ExperimentRunner.Check(experiment);
        ReportFolder.RequireWritable(folder);

        IAnsiConsole errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        ExperimentResult result = errors.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                int steps = experiment.WorkloadNames.Count * experiment.Systems.Count * experiment.StepsPerPoint;
                ProgressTask task = context.AddTask($"{experiment.WorkloadNames.Count} models x {experiment.Systems.Count} systems", maxValue: steps);
                int done = 0;
                return Simulate(experiment, errors, () => task.Value = Interlocked.Increment(ref done), cancellation);
            });
        cancellation.ThrowIfCancellationRequested();
        IReadOnlyList<string> files = ReportFolder.Write(result, folder);
        errors.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{files.Count} files in {folder}");
        return result;
    }

    private ExperimentResult Simulate(Experiment experiment, IAnsiConsole errors, Action onStep, CancellationToken cancellation)
    {
        if (request.CommandsFile is { } path)
        {
            return CommandWatch.RunTraced(experiment, path, onStep, cancellation);
        }

        if (request.Check)
        {
            (ExperimentResult result, long commands) = CommandWatch.RunChecked(experiment, request.Threads, onStep, cancellation);
            errors.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{commands} DRAM commands checked, none broke a rule");
            return result;
        }

        return ExperimentRunner.Run(experiment, new RunSettings(new PimSimulation(!request.Exact), request.Threads, onStep), cancellation);
    }
}
