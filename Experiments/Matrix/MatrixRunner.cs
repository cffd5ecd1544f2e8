using System.Collections.Concurrent;
using System.Globalization;
using PimSim.Experiments.Running;
using PimSim.Experiments.Techniques;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Matrix;

/// <summary>Runs every technique on every system. A point that cannot run says why, and the others run.</summary>
public static class MatrixRunner
{
    /// <summary>The word for what a technique's own paper ran.</summary>
    public const string OwnWorkload = "own";

    /// <summary>The word for so many sequences of the common model.</summary>
    public static string CommonWorkload(int batch) => string.Create(CultureInfo.InvariantCulture, $"batch {batch}");

    /// <summary>Runs all points. The result is the same whatever the number of threads.</summary>
    /// <param name="experiment">What to run.</param>
    /// <param name="threads">Points simulated at once.</param>
    /// <param name="onPoint">Called from any thread after each point.</param>
    /// <param name="cancellation">Looked at between points.</param>
    public static MatrixResult Run(MatrixExperiment experiment, int threads, Action? onPoint, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        var points = new MatrixPoint[experiment.Tasks.Count];

        // One by one: points differ a hundredfold in what they take.
        var order = Partitioner.Create(Enumerable.Range(0, points.Length), EnumerablePartitionerOptions.NoBuffering);
        Parallel.ForEach(order, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, index =>
        {
            points[index] = RunPoint(experiment.Runner, experiment.Tasks[index]);
            onPoint?.Invoke();
        });

        List<(string, string)> workloads = [];
        if (experiment.Own)
        {
            workloads.Add((OwnWorkload, "each technique on the model, lengths and batch of its own paper"));
        }

        foreach (int batch in experiment.Common?.Batches ?? [])
        {
            CommonWorkload common = experiment.Common!;
            workloads.Add((CommonWorkload(batch), string.Create(CultureInfo.InvariantCulture, $"{common.Model}, batch {batch}, {common.PromptTokens} + {common.GeneratedTokens} tokens")));
        }

        return new MatrixResult
        {
            Title = experiment.Title,
            Version = ExperimentRunner.Version,
            InputHash = experiment.InputHash,
            Systems =
            [
                .. experiment.Systems.Select(system => new MatrixSystem(
                    system.Label, system.Definition.Summary, system.Changes, system.Definition.Price.Basis, experiment.FewerTokens.TryGetValue(system.Label, out int most) ? most : null)),
            ],
            Workloads = workloads,
            Points = points,
        };
    }

    private static MatrixPoint RunPoint(TechniqueRunner runner, MatrixTask task)
    {
        (TechniqueResult? result, string fault, bool bug) = task.Run is null ? (null, "its file has no claim, and so no run of its own", false) : Try(runner, task.Run);
        TechniqueResult? plain = null;
        if (result is not null)
        {
            (plain, string plainFault, bool plainBug) = Try(runner, task.Plain!);
            (fault, bug) = (plainFault.Length > 0 ? $"plain decoding: {plainFault}" : "", plainBug);
        }

        return new MatrixPoint
        {
            Technique = task.Technique.Name,
            Family = task.Technique.Family,
            Paper = task.Technique.Paper,
            System = task.System,
            Workload = task.Workload,
            Run = task.Run,
            WantedTokens = task.WantedTokens,
            IsSequences = task.IsSequences,
            Result = result,
            Plain = plain,
            Over = task.Plain?.Technique ?? task.Technique.Baseline,
            Fault = fault,
            IsBug = bug,
        };
    }

    private static (TechniqueResult? Result, string Fault, bool IsBug) Try(TechniqueRunner runner, TechniqueRun run)
    {
        try
        {
            return (runner.Result(run), "", false);
        }
        catch (PimSimUserException fault)
        {
            return (null, fault.Message.ReplaceLineEndings("; "), false);
        }
        catch (Exception bug) when (bug is not (OperationCanceledException or OutOfMemoryException))
        {
            // Recorded, so that the other points are not lost; whoever asked for the matrix is told by its exit code.
            return (null, $"a fault of PimSim: {bug.GetType().Name}: {bug.Message.ReplaceLineEndings("; ")}", true);
        }
    }
}
