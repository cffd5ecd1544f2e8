using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;
using PimSim.Experiments.Running;
using PimSim.Experiments.Serving.Offload;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Serving;

/// <summary>Runs a serving experiment: every model on every system under every load.</summary>
public static class ServingRunner
{
    /// <summary>Makes sure, before anything is simulated, that every system can serve every model under the experiment's limits: that weights and a
    /// cache fit its memory, above all.</summary>
    /// <exception cref="PimSimUserException">Something does not; one line each.</exception>
    public static void Check(ServingExperiment experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        List<string> faults = [];
        foreach ((string, ModelShape) model in experiment.Models)
        {
            foreach (ExperimentSystem system in experiment.Systems)
            {
                try
                {
                    using IArrivalSource arrivals = experiment.Arrivals(experiment.Loads[0]);
                    ServedTechnique? technique = Technique(experiment, model);
                    _ = new ServingSimulation(Serving(experiment, Replicas(experiment, model, system, technique), technique), arrivals);
                }
                catch (PimSimUserException fault)
                {
                    faults.Add(fault.Message);
                }
            }
        }

        if (faults.Count > 0)
        {
            throw new PimSimUserException(string.Join(Environment.NewLine, faults.Distinct()));
        }
    }

    /// <summary>Runs all points. The result is the same whatever the number of threads.</summary>
    /// <param name="experiment">What to run.</param>
    /// <param name="threads">Points simulated at once.</param>
    /// <param name="onPoint">Called from any thread after each point.</param>
    /// <param name="cancellation">Looked at between events.</param>
    /// <exception cref="PimSimUserException">A model does not fit a system, or the requests are wrong.</exception>
    public static ServingExperimentResult Run(ServingExperiment experiment, int threads, Action? onPoint, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        (int Model, int System, double? Load)[] order =
        [
            .. from model in Enumerable.Range(0, experiment.Models.Count)
               from system in Enumerable.Range(0, experiment.Systems.Count)
               from load in experiment.Loads
               select (model, system, load),
        ];
        var points = new ServingPoint[order.Length];
        try
        {
            Parallel.For(0, order.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, index =>
            {
                (int model, int system, double? load) = order[index];
                points[index] = RunPoint(experiment, experiment.Models[model], experiment.Systems[system], load, cancellation);
                onPoint?.Invoke();
            });
        }
        catch (AggregateException faults) when (faults.InnerExceptions.All(fault => fault is PimSimUserException))
        {
            throw new PimSimUserException(string.Join(Environment.NewLine, faults.InnerExceptions.Select(fault => fault.Message).Distinct().Order(StringComparer.Ordinal)), faults);
        }

        return new ServingExperimentResult
        {
            Title = experiment.Title,
            Version = ExperimentRunner.Version,
            InputHash = experiment.InputHash,
            Workload = experiment.Workload,
            ServiceLevels = experiment.ServiceLevels,
            Measured = experiment.Measured,
            Points = points,
            Claims = [.. experiment.Claims.Select(claim => ServingClaimMetrics.Evaluate(claim, points)).OfType<ClaimResult>()],
        };
    }

    private static ServingPoint RunPoint(ServingExperiment experiment, (string Name, ModelShape Shape) model, ExperimentSystem system, double? load, CancellationToken cancellation)
    {
        ServedTechnique? technique = Technique(experiment, model);
        IServingReplica[] replicas = Replicas(experiment, model, system, technique);
        int count = experiment.Replicas + experiment.DecodeReplicas;
        KeptRecords kept = new();
        using IArrivalSource arrivals = experiment.Arrivals(load);
        ServingOptions options = new() { Seed = experiment.Seed, ServiceLevels = experiment.ServiceLevels, Requests = kept, Iterations = kept };
        ServingResult result = new ServingSimulation(Serving(experiment, replicas, technique), arrivals, options).Run(cancellation);
        foreach (IServingReplica replica in replicas)
        {
            replica.Rest(result.Makespan);
        }

        Dictionary<string, double> joules = Sum(replicas, ledger => ledger.EnergyComponents, (ledger, row, column) => ledger.Energy(row, column).Joules);
        double seconds = result.Makespan.Seconds;
        Price price = count == 1 ? system.Definition.Price : GroupPrice.Of(system.Definition.Price, count);
        return new ServingPoint
        {
            System = system.Label,
            Model = model.Name,
            Policy = experiment.Policy.Name,
            Replicas = count,
            RequestsPerSecond = load,
            Result = result,
            Joules = joules,
            Seconds = Sum(replicas, ledger => ledger.TimeComponents, (ledger, row, column) => ledger.Time(row, column).Seconds),
            DollarsPerHour = price.DollarsPerHour(seconds > 0 ? joules.Values.Sum() / seconds : 0),
            PriceBasis = price.Basis,
            Requests = kept.Requests,
            Iterations = kept.Iterations,
        };
    }

    private static int Blocks(int tokens, int page)
    {
        int block = page;
        while (block % tokens != 0)
        {
            block += page;
        }

        return block;
    }

    private static ServingSystem Serving(ServingExperiment experiment, IServingReplica[] replicas, IDecodeRule? rule)
    {
        ReplicaPool Pool(IServingReplica[] some, ServingLimits own) => new() { Replicas = some, Policy = experiment.Policy, Limits = own, Router = experiment.Router };

        ServingLimits limits = experiment.SaysBlockTokens ? experiment.Limits : experiment.Limits with { BlockTokens = Blocks(experiment.Limits.BlockTokens, replicas[0].KvPageTokens) };

        // Of a system whose GPUs have sequences of their own each is a replica.
        int first = experiment.Replicas * (replicas.Length / (experiment.Replicas + experiment.DecodeReplicas));
        return new ServingSystem
        {
            Pool = Pool(replicas[..first], limits),
            DecodePool = experiment.DecodeReplicas == 0 ? null : Pool(replicas[first..], limits with { PrefixBlockTokens = 0 }),
            KvLink = experiment.KvLink,
            DecodeRule = rule ?? new PlainDecoding(),
        };
    }

    /// <summary>The technique of a point; null for plain decoding. One for each, as it keeps what it has seen and belongs to one thread.</summary>
    private static ServedTechnique? Technique(ServingExperiment experiment, (string Name, ModelShape Shape) model) => experiment.Technique.IsPlain
        ? null
        : new ServedTechnique(experiment.Technique.Technique, experiment.Technique.Settings, model.Shape with { MaxPositions = experiment.ModelTokens ?? model.Shape.MaxPositions });

    private static IServingReplica[] Replicas(ServingExperiment experiment, (string Name, ModelShape Shape) model, ExperimentSystem system, ServedTechnique? technique)
    {
        int count = experiment.Replicas + experiment.DecodeReplicas;
        ModelShape shape = model.Shape with { MaxPositions = experiment.ModelTokens ?? model.Shape.MaxPositions };
        try
        {
            if (system.Definition.Offload is not { } offload)
            {
                return DeviceReplica.Create(system.Definition, shape, count, !experiment.ExcludesPrefill, technique);
            }

            if (technique is not null)
            {
                throw new PimSimUserException($"it offloads attention and serves plain decoding; technique '{technique.Name}' serves on GPUs and CPUs");
            }

            return experiment.ExcludesPrefill == (offload.Prefill == PrefillPlace.Excluded)
                ? [.. Enumerable.Range(0, count).Select(_ => new OffloadReplica(offload, shape))]
                : throw new PimSimUserException(experiment.ExcludesPrefill
                    ? "its workers read prompts, which 'serving: prefill: excluded' leaves out; say so in the system file too"
                    : "it leaves prompts out ('prefill: excluded' in its file), so that the experiment must too: add 'prefill: excluded' to 'serving'");
        }
        catch (PimSimUserException fault)
        {
            throw new PimSimUserException($"{system.Label}: {fault.Message}", fault);
        }
    }

    private static Dictionary<string, double> Sum(IServingReplica[] replicas, Func<CostLedger, IReadOnlyList<string>> components, Func<CostLedger, int, int, double> entry)
    {
        Dictionary<string, double> sums = new(StringComparer.Ordinal);
        IReadOnlyList<string> names = components(replicas[0].Ledger);
        for (int column = 0; column < names.Count; column++)
        {
            double sum = 0;
            foreach (IServingReplica replica in replicas)
            {
                for (int row = 0; row < replica.Ledger.Rows; row++)
                {
                    sum += entry(replica.Ledger, row, column);
                }
            }

            sums[names[column]] = sum;
        }

        return sums;
    }
}
