using CsCheck;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Format.Requests;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

/// <summary>A system, a load and a seed, small enough that memory runs short often.</summary>
internal sealed record RandomServing(
    int Policy,
    bool Swaps,
    int Reservation,
    int Replicas,
    int DecodeReplicas,
    bool LeastLoaded,
    ServingLimits Limits,
    int Rows,
    int Window,
    int Capacity,
    int ModelTokens,
    Request[] Requests,
    int ClosedUsers,
    ulong Seed)
{
    public const double SwapBytesPerSecond = 1e11;
    public const long SwapLatencyPs = 2_000;

    private static readonly Gen<Request> AnyRequest = Gen.Select(Gen.Int[0, 40], Gen.Int[0, 60], Gen.Int[0, 30], Gen.Long[0, 2].Array[0, 9]).Select(t =>
        new Request(t.Item1, t.Item2, t.Item3) { PrefixBlocks = [.. t.Item4] });

    public static readonly Gen<RandomServing> Any = Gen.Select(
        Gen.Select(Gen.Int[0, 3], Gen.Bool, Gen.Int[0, 2], Gen.Int[1, 3], Gen.Int[0, 2], Gen.Bool),
        Gen.Select(Gen.Int[1, 8], Gen.Int[0, 60], Gen.Int[1, 8], Gen.Double[0, 0.3], Gen.Int[0, 2]),
        Gen.Select(Gen.Int[1, 4], Gen.Int[0, 1], Gen.Int[8, 200], Gen.Int[30, 120], Gen.Int[0, 4]),
        AnyRequest.Array[0, 40],
        Gen.ULong).Select((kind, limits, load, requests, seed) => new RandomServing(
            kind.Item1,
            kind.Item2,
            kind.Item3,
            kind.Item4,
            kind.Item1 == 0 ? 0 : kind.Item5,
            kind.Item6,
            new ServingLimits
            {
                MaxSequences = limits.Item1,
                MaxBatchedTokens = (limits.Item1 * load.Item1) + limits.Item2,
                BlockTokens = limits.Item3,
                Watermark = limits.Item4,
                PrefixBlockTokens = limits.Item3 * limits.Item5,
            },
            load.Item1,
            load.Item2 * 20,
            load.Item3,
            load.Item4,
            Sorted(requests),
            load.Item5,
            seed));

    /// <summary>The replicas of the last run.</summary>
    public FakeReplica[] Fakes { get; private set; } = [];

    public IDecodeRule Rule => Rows == 1 && Window == 0 ? new PlainDecoding() : new SpeculativeRule(Rows, Window);

    public (ServingResult Result, ServingLog Log) Run(ServiceLevels? levels = null, Func<IReplicaGroup>? together = null, SequenceGrouping? grouping = null)
    {
        IReplicaGroup? group = together?.Invoke();
        Fakes = [.. Enumerable.Range(0, Replicas + DecodeReplicas).Select(_ => new FakeReplica(Capacity, ModelTokens) { Group = group, Grouping = grouping ?? SequenceGrouping.Together })];
        KvLink? swap = Swaps ? new KvLink(SwapBytesPerSecond, new(SwapLatencyPs)) : null;
        ISchedulingPolicy policy = Policy switch
        {
            0 => new StaticBatchPolicy((KvReservation)Reservation),
            1 => new OrcaPolicy((KvReservation)Reservation),
            2 => new VllmPolicy(swap),
            _ => new SarathiPolicy(swap),
        };
        ReplicaPool pool = new()
        {
            Replicas = Fakes[..Replicas],
            Policy = policy,
            Limits = Limits,
            Router = () => LeastLoaded ? new LeastLoadedRouter() : new RoundRobinRouter(),
        };
        ServingLog log = new();
        ListSource source = new(Requests);
        ServingSystem system = new()
        {
            Pool = pool,
            DecodePool = DecodeReplicas == 0 ? null : pool with { Replicas = Fakes[Replicas..], Limits = Limits with { PrefixBlockTokens = 0 } },
            KvLink = DecodeReplicas == 0 ? null : new KvLink(5e10, new(1_000)),
            DecodeRule = Rule,
        };
        using IArrivalSource arrivals = ClosedUsers == 0 ? new OpenArrivals(source) : new ClosedLoop(source, ClosedUsers, new Picoseconds(10_000));
        ServingResult result = new ServingSimulation(
            system,
            arrivals,
            new ServingOptions { Seed = Seed, Requests = log, Iterations = log, ServiceLevels = levels }).Run(TestContext.Current.CancellationToken);
        return (result, log);
    }

    private static Request[] Sorted(Request[] requests) => [.. requests.OrderBy(r => r.ArrivalNanoseconds)];
}
