using System.Reflection;
using PimSim.Devices.Pim;
using PimSim.Experiments.Claims;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Running;

/// <summary>How to run an experiment.</summary>
/// <param name="Simulation">How PIM devices are simulated.</param>
/// <param name="Threads">Points simulated at once; results do not depend on it.</param>
/// <param name="OnStep">Called from any thread after each simulated step.</param>
public sealed record RunSettings(PimSimulation Simulation, int Threads, Action? OnStep = null);

/// <summary>Runs every model of an experiment on every system.</summary>
public static class ExperimentRunner
{
    /// <summary>Version of PimSim, with the commit that it was built from.</summary>
    public static string Version { get; } =
        typeof(ExperimentRunner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Makes sure that every model fits every system and its own context, before anything is simulated.</summary>
    /// <exception cref="PimSimUserException">Something does not fit; one line each.</exception>
    public static void Check(Experiment experiment)
    {
        List<string> faults = [];
        for (int index = 0; index < experiment.WorkloadNames.Count; index++)
        {
            int workload = index;
            IStepSource? whole = Try(faults, experiment.WorkloadNames[index], () => experiment.Source(workload));
            foreach (ExperimentSystem system in whole is null ? [] : experiment.Systems)
            {
                Try(faults, system.Label, () =>
                {
                    IDevice device = system.Definition.CreateDevice(new PimSimulation(Accelerate: true));
                    device.Load(experiment.Share(whole!, workload, system.Definition.Parallelism).Footprint);
                    return device;
                });
            }
        }

        if (faults.Count > 0)
        {
            throw new PimSimUserException(string.Join(Environment.NewLine, faults.Distinct()));
        }
    }

    /// <summary>Runs all points. The result is the same whatever the number of threads.</summary>
    /// <exception cref="PimSimUserException">A model does not fit a system.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; there is no partial result.</exception>
    public static ExperimentResult Run(Experiment experiment, RunSettings settings, CancellationToken cancellation)
    {
        (int Model, int System)[] order =
            [.. Enumerable.Range(0, experiment.WorkloadNames.Count).SelectMany(model => Enumerable.Range(0, experiment.Systems.Count).Select(system => (model, system)))];
        var points = new PointResult[order.Length];

        // The longest points first, so that no thread ends up alone with one.
        int[] byWork = [.. Enumerable.Range(0, order.Length).OrderByDescending(index => Work(experiment, order[index].Model, order[index].System))];
        int next = -1;
        Task[] workers = [.. Enumerable.Range(0, Math.Min(settings.Threads, order.Length)).Select(_ => Task.Run(
            () =>
            {
                for (int i = Interlocked.Increment(ref next); i < byWork.Length; i = Interlocked.Increment(ref next))
                {
                    (int model, int system) = order[byWork[i]];
                    points[byWork[i]] = RunPoint(experiment, model, experiment.Systems[system], settings, cancellation);
                }
            },
            cancellation))];
        Task.WhenAll(workers).GetAwaiter().GetResult();

        return new ExperimentResult
        {
            Title = experiment.Title,
            Version = Version,
            InputHash = experiment.InputHash,
            Workload = experiment.Workload,
            Trace = experiment.Trace is { } trace ? new TraceOrigin(trace.Name, trace.Hash, trace.Source.Header.Program, trace.Source.Header.Machine, trace.Steps, trace.Operators, trace.OpaqueOperators) : null,
            Reference = experiment.Reference,
            Models = experiment.WorkloadNames,
            Systems = [.. experiment.Systems.Select(system => system.Label)],
            Points = points,
            Claims = [.. experiment.Claims.Select(claim => ClaimMetrics.Evaluate(claim, points)).OfType<ClaimResult>()],
        };
    }

    private static PointResult RunPoint(Experiment experiment, int workload, ExperimentSystem system, RunSettings settings, CancellationToken cancellation)
    {
        // The steps have the operators of one device of each stage.
        int ranks = system.Definition.Ranks;
        IStepSource whole = experiment.Source(workload);
        IStepSource source = experiment.Share(whole, workload, system.Definition.Parallelism);
        IDevice device = system.Definition.CreateDevice(settings.Simulation);
        ReplayResult replay = new TraceReplay(device).Run(source, settings.OnStep is null ? null : _ => settings.OnStep(), cancellation);
        if (replay.Elapsed == Picoseconds.Zero)
        {
            throw new PimSimUserException($"{system.Label}: {experiment.Workload}: takes no time, so that there is nothing to report; a trace to replay has operators that take some");
        }

        double seconds = replay.Elapsed.Seconds;
        double joules = device.Ledger.TotalEnergy.Joules;
        double watts = joules / seconds;
        double? tokensPerSecond = replay.Tokens > 0 ? replay.Tokens / seconds : null;
        return new PointResult
        {
            Model = experiment.WorkloadNames[workload],
            System = system.Label,
            Parts = [.. system.Definition.Parts.Select(part => part.Name)],
            Changes = system.Changes,
            Parameters = whole.Footprint.Parameters,
            Tokens = replay.Tokens,
            ElapsedPicoseconds = replay.Elapsed.Value,
            FirstTokenPicoseconds = replay.FirstToken?.Value,
            TokensPerSecond = tokensPerSecond,
            MillisecondsPerToken = replay.Tokens > 0 ? 1e3 * seconds / replay.Tokens : null,
            Joules = joules,
            JoulesPerToken = replay.Tokens > 0 ? joules / replay.Tokens : null,
            AverageWatts = watts,
            DollarsPerMillionTokens = tokensPerSecond is { } rate ? system.Definition.Price.DollarsPerMillionTokens(rate, watts) : null,
            PriceBasis = system.Definition.Price.Basis,
            TimePicoseconds = Table(device.Ledger, device.Ledger.TimeComponents, (ledger, row, column) => ledger.Time(row, column).Value),
            EnergyAttojoules = Table(device.Ledger, device.Ledger.EnergyComponents, (ledger, row, column) => (decimal)ledger.Energy(row, column).Attojoules),
            TimeComponents = device.Ledger.TimeComponents,
            EnergyComponents = device.Ledger.EnergyComponents,
            Counters = device.Counters,
            Flops = replay.Cost.Flops * ranks,
            TraceBytes = replay.Cost.Bytes * ranks,
        };
    }

    private static Dictionary<string, IReadOnlyDictionary<string, T>> Table<T>(CostLedger ledger, IReadOnlyList<string> components, Func<CostLedger, int, int, T> entry)
        where T : struct, IEquatable<T>
    {
        Dictionary<string, IReadOnlyDictionary<string, T>> table = new(StringComparer.Ordinal);
        for (int row = 0; row < ledger.Rows; row++)
        {
            Dictionary<string, T> columns = new(StringComparer.Ordinal);
            for (int column = 0; column < components.Count; column++)
            {
                T value = entry(ledger, row, column);
                if (!value.Equals(default))
                {
                    columns[components[column]] = value;
                }
            }

            if (columns.Count > 0)
            {
                table[LedgerRows.Names[row]] = columns;
            }
        }

        return table;
    }

    /// <summary>A guess at how long a point takes to simulate, good enough to sort by.</summary>
    private static long Work(Experiment experiment, int model, int system) =>
        experiment.Layers(model) * (experiment.Systems[system].Definition.Memory is null ? 1L : 20L);

    private static T? Try<T>(List<string> faults, string subject, Func<T> action)
        where T : class
    {
        try
        {
            return action();
        }
        catch (PimSimUserException fault)
        {
            faults.Add(fault.Message.StartsWith(subject, StringComparison.Ordinal) ? fault.Message : $"{subject}: {fault.Message}");
            return null;
        }
    }
}
