using PimSim.Experiments.Serving;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Requests;

namespace PimSim.Reports.Tests.Serving;

/// <summary>Results of real simulations on cheap replicas.</summary>
internal static class ServingSamples
{
    public const string Rented = "rented: 2.00 $/h, a cloud, 2026-01-21";
    public const string Owned = "owned: 5 years, 60 % used, 0.10 $/kWh, PUE 1.3";

    public static readonly ServiceLevels Levels = new(new Picoseconds(1_000_000_000_000), new Picoseconds(60_000_000_000));

    private static readonly double[] Loads = [2, 4, 8, 12, 16, 24];

    /// <summary>Two systems at six loads, limits, swapping and rejections.</summary>
    public static ServingExperimentResult Two { get; } = Of(
        Levels, [.. Loads.Select(load => Slow(load)), .. Loads.Select(load => Fast(load))]);

    /// <summary>One system at six loads.</summary>
    public static ServingExperimentResult One { get; } = Of(Levels, [.. Loads.Select(load => Fast(load))]);

    /// <summary>One system that all requests come to at once, no limits.</summary>
    public static ServingExperimentResult Single { get; } = Of(null, [Slow(null)]);

    /// <summary>The same with so few requests that every iteration is kept.</summary>
    public static ServingExperimentResult Short { get; } = Of(null, [Slow(null, 200)]);

    /// <summary>No request can be served: every one is too long.</summary>
    public static ServingExperimentResult Nothing { get; } = Of(null, [Point("small", "vllm", new VllmPolicy(), 1, 16, 1, Rented, 20_000_000_000, null, 40)]);

    public static ServingExperimentResult Of(ServiceLevels? levels, IReadOnlyList<ServingPoint> points) => new()
    {
        Title = "GPUs against PIM",
        Version = "0.1.0+0123456789abcdef",
        InputHash = string.Concat(Enumerable.Repeat("0f1e2d3c", 8)),
        Workload = "600 requests, Poisson arrivals, 100 to 900 prompt tokens, 10 to 160 output tokens, seed 7",
        ServiceLevels = levels,
        Points = points,
    };

    public static ServingPoint Slow(double? load, int requests = 600) =>
        Point("2 x gpu", "vllm", new VllmPolicy(new KvLink(8e9, new Picoseconds(10_000_000))), 2, 6_000, load, Rented, 22_000_000_000, Levels, requests);

    public static ServingPoint Fast(double? load) =>
        Point("gpu + pim <\"&\">", "sarathi", new SarathiPolicy(), 1, 40_000, load, Owned, 12_000_000_000, Levels, 600);

    private static ServingPoint Point(
        string system, string policyName, ISchedulingPolicy policy, int count, long capacityTokens, double? load, string basis, long fixedPs, ServiceLevels? levels, int requests)
    {
        MeteredReplica[] replicas = [.. Enumerable.Range(0, count).Select(_ => new MeteredReplica(capacityTokens, fixedPs, rowPs: 60_000_000))];
        Log log = new();
        using OpenArrivals arrivals = new(new Source(load, requests));
        ServingSimulation simulation = new(
            new ServingSystem { Pool = new ReplicaPool { Replicas = replicas, Policy = policy, Limits = new ServingLimits { MaxSequences = 64, MaxBatchedTokens = 1024 } } },
            arrivals,
            new ServingOptions { ServiceLevels = levels, Requests = log, Iterations = log });
        ServingResult result = simulation.Run();
        CostLedger ledger = replicas[0].Ledger;
        return new ServingPoint
        {
            System = system,
            Model = "a-7b-model",
            Policy = policyName,
            Replicas = count,
            RequestsPerSecond = load,
            Result = result,
            Joules = ledger.EnergyComponents.Select((name, index) => (name, Joules: replicas.Sum(one => (double)one.Ledger.Energy(0, index).Attojoules * 1e-18))).ToDictionary(one => one.name, one => one.Joules),
            Seconds = ledger.TimeComponents.Select((name, index) => (name, Seconds: replicas.Sum(one => one.Ledger.Time(0, index).Seconds))).ToDictionary(one => one.name, one => one.Seconds),
            DollarsPerHour = 2 * count,
            PriceBasis = basis,
            Requests = log.Served,
            Iterations = [.. log.Iterations.Take(ServingPoint.MostIterations)],
        };
    }

    /// <summary>Random lengths and times from a fixed seed; every 150th request is longer than the model takes.</summary>
    private sealed class Source(double? load, int count) : IRequestSource
    {
        public IEnumerable<Request> Requests()
        {
            Random random = new(7);
            double seconds = 0;
            for (int number = 0; number < count; number++)
            {
                seconds += load is { } rate ? -Math.Log(1 - random.NextDouble()) / rate : 0;
                yield return new Request((long)(seconds * 1e9), number % 150 == 149 ? 5_000 : random.Next(100, 900), random.Next(10, 160));
            }
        }
    }

    private sealed class Log : IRequestSink, IIterationSink
    {
        public List<RequestRecord> Served { get; } = [];

        public List<IterationRecord> Iterations { get; } = [];

        public void Finished(in RequestRecord request) => Served.Add(request);

        public void Rejected(in RejectedRequest request)
        {
        }

        public void Started(in IterationRecord iteration, ReadOnlySpan<SequenceGroup> groups) => Iterations.Add(iteration);
    }
}
