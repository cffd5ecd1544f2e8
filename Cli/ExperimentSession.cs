using PimSim.Devices.Pim;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;
using PimSim.Experiments.Running;
using PimSim.Reports;
using PimSim.Traces.Format.Documents;

namespace PimSim.Cli;

/// <summary>What the user asked <c>pimsim run</c> for.</summary>
internal sealed record RunRequest(
    string ExperimentFile,
    string? Folder,
    ExperimentSelection Selection,
    string? CommandsFile,
    bool Check,
    bool Exact,
    int Threads)
{
    /// <summary>Where the report goes: <c>results/NAME</c> where the user named no folder.</summary>
    public string ReportFolder => Folder ?? Path.Combine("results", Path.GetFileNameWithoutExtension(ExperimentFile));

    /// <summary>Refuses the options that are for experiments of models on systems alone.</summary>
    /// <param name="kind">What the file is, after its name.</param>
    /// <param name="choosesSystems">Whether <c>--system</c> goes with it.</param>
    public void RequireFewOptions(string kind, bool choosesSystems = false)
    {
        if (CommandsFile is not null || Check || Exact || Selection.Models.Count > 0 || (!choosesSystems && Selection.Systems.Count > 0) || Selection.Tokens is not null)
        {
            throw new PimSimUserException($"{ExperimentFile} {kind}: of the options only {(choosesSystems ? "--system, " : "")}--out and --threads go with it");
        }
    }
}

/// <summary>One <c>pimsim run</c>: reads, checks, simulates with progress on standard error, and writes the report.</summary>
internal sealed class ExperimentSession(RunRequest request, ExperimentFile file)
{
    public ExperimentResult Run(CancellationToken cancellation)
    {
        Experiment experiment = ExperimentReader.Read(file, request.Selection);
        string folder = request.ReportFolder;
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

        int steps = experiment.WorkloadNames.Count * experiment.Systems.Count * experiment.StepsPerPoint;
        ExperimentResult result = ScreenProgress.Watch(
            $"{experiment.WorkloadNames.Count} models x {experiment.Systems.Count} systems", steps, onDone => Simulate(experiment, () => onDone(1), cancellation));
        cancellation.ThrowIfCancellationRequested();
        IReadOnlyList<string> files = ReportFolder.Write(result, folder);
        ScreenProgress.Say($"{files.Count} files in {folder}");
        return result;
    }

    private ExperimentResult Simulate(Experiment experiment, Action onStep, CancellationToken cancellation)
    {
        if (request.CommandsFile is { } path)
        {
            return CommandWatch.RunTraced(experiment, path, onStep, cancellation);
        }

        if (request.Check)
        {
            (ExperimentResult result, long commands) = CommandWatch.RunChecked(experiment, request.Threads, onStep, cancellation);
            ScreenProgress.Say($"{commands} DRAM commands checked, none broke a rule");
            return result;
        }

        return ExperimentRunner.Run(experiment, new RunSettings(new PimSimulation(!request.Exact), request.Threads, onStep), cancellation);
    }
}
