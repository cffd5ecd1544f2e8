using System.Collections.Concurrent;
using PimSim.Devices.Dram.Checking;
using PimSim.Devices.Pim;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Running;

/// <summary>Runs in which every DRAM command is seen: written to a trace, or checked against the rules.</summary>
public static class CommandWatch
{
    /// <summary>Makes sure that a run has one stream of DRAM commands.</summary>
    /// <exception cref="PimSimUserException">There is not exactly one point, or it has no DRAM commands.</exception>
    public static void RequireTraceable(Experiment experiment)
    {
        if (experiment.WorkloadNames.Count != 1 || experiment.Systems.Count != 1 || experiment.Systems[0].Definition.Memory is null)
        {
            throw new PimSimUserException(
                $"--commands needs exactly one model and one PIM system; this run has {experiment.WorkloadNames.Count} model(s) and the system(s) {string.Join(", ", experiment.Systems.Select(system => system.Label))}. Choose with --model and --system.");
        }
    }

    /// <summary>Runs the one point of an experiment and writes its DRAM commands as CSV; whole file or none.</summary>
    /// <exception cref="PimSimUserException">The experiment is not traceable, or the file can't be written.</exception>
    public static ExperimentResult RunTraced(Experiment experiment, string path, Action? onStep, CancellationToken cancellation)
    {
        RequireTraceable(experiment);
        PimMemory memory = experiment.Systems[0].Definition.Memory!;
        ExperimentResult? result = null;
        AtomicFile.Write(path, stream =>
        {
            using CommandTrace trace = new(stream, memory.Channel.Specification.Organization);
            PimSimulation simulation = new(
                Accelerate: false,
                (channel, index) => new ChannelSequencer<TraceSink>(channel, accelerate: false, new TraceSink(trace, index)),
                trace.EndOperation);
            result = ExperimentRunner.Run(experiment, new RunSettings(simulation, Threads: 1, onStep), cancellation);
        });
        return result!;
    }

    /// <summary>Runs an experiment with a checker on every channel.</summary>
    /// <returns>The result, and how many commands were checked.</returns>
    /// <exception cref="InvalidOperationException">A command broke a rule: a bug in PimSim.</exception>
    public static (ExperimentResult Result, long Commands) RunChecked(Experiment experiment, int threads, Action? onStep, CancellationToken cancellation)
    {
        ConcurrentBag<TimingChecker> checkers = [];
        PimSimulation simulation = new(Accelerate: false, (channel, _) =>
        {
            TimingChecker checker = channel.NewChecker();
            checkers.Add(checker);
            return new ChannelSequencer<CheckerSink>(channel, accelerate: false, new CheckerSink(checker));
        });
        ExperimentResult result = ExperimentRunner.Run(experiment, new RunSettings(simulation, threads, onStep), cancellation);
        long violations = checkers.Sum(checker => checker.Log.Count);
        return violations == 0
            ? (result, checkers.Sum(checker => checker.Commands))
            : throw new InvalidOperationException($"timing rules were broken {violations} times:{Environment.NewLine}{string.Join(Environment.NewLine, checkers.SelectMany(checker => checker.Log.Texts).Take(20))}");
    }
}
