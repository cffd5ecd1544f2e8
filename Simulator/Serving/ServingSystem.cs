using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Format.Documents;

namespace PimSim.Simulator.Serving;

/// <summary>Data-parallel replicas that share the requests sent to them.</summary>
public sealed record ReplicaPool
{
    /// <summary>The replicas, each an object of its own.</summary>
    public required IReadOnlyList<IReplica> Replicas { get; init; }

    /// <summary>How each composes its iterations.</summary>
    public required ISchedulingPolicy Policy { get; init; }

    /// <summary>What each may not exceed.</summary>
    public ServingLimits Limits { get; init; } = new();

    /// <summary>Makes what chooses the replica for a request.</summary>
    public Func<IRouter> Router { get; init; } = () => new RoundRobinRouter();
}

/// <summary>
/// Replicas that serve requests: one pool that does all, or one for prompts and one for tokens, with links over which caches move.
/// </summary>
public sealed record ServingSystem
{
    /// <summary>The replicas that requests come to.</summary>
    public required ReplicaPool Pool { get; init; }

    /// <summary>The replicas that generate all tokens but the first; null: those of <see cref="Pool"/> do.</summary>
    public ReplicaPool? DecodePool { get; init; }

    /// <summary>The link out of each prefill replica; needed with a decode pool.</summary>
    public KvLink? KvLink { get; init; }

    /// <summary>What a decode step does.</summary>
    public IDecodeRule DecodeRule { get; init; } = new PlainDecoding();

    internal void Check()
    {
        Pool.Limits.Check(DecodeRule);
        DecodePool?.Limits.Check(DecodeRule);
        if (Pool.Replicas.Count == 0 || DecodePool?.Replicas.Count == 0)
        {
            throw new PimSimUserException("serving system: a pool has no replicas; it needs 1 or more");
        }

        IReplica[] all = [.. Pool.Replicas, .. DecodePool?.Replicas ?? []];
        if (all.Distinct(ReferenceEqualityComparer.Instance).Count() != all.Length)
        {
            throw new ArgumentException("a replica stands in the system twice");
        }

        foreach (IReplica replica in all)
        {
            if (replica.KvCapacityTokens < 1)
            {
                throw new PimSimUserException($"serving system: a replica has room for {replica.KvCapacityTokens} tokens of keys and values: the model does not fit");
            }
        }

        CheckPages(Pool);
        if (DecodePool is not null)
        {
            CheckPages(DecodePool);
        }

        if (DecodePool is null != KvLink is null)
        {
            throw new PimSimUserException("serving system: a decode pool and a KV link belong together; one of them is missing");
        }

        if (DecodePool is null)
        {
            return;
        }

        if (!DecodePool.Policy.TakesMovedSequences)
        {
            throw new PimSimUserException($"serving system: policy {DecodePool.Policy.Name} takes no sequences between two iterations; a decode pool needs orca, vllm or sarathi");
        }

        if (DecodePool.Limits.PrefixBlockTokens != 0)
        {
            throw new PimSimUserException("serving system: the decode pool caches prefixes, but no prompt starts there; set its prefix block size to 0");
        }

        if (all.Any(r => r.KvBytesPerToken != all[0].KvBytesPerToken))
        {
            throw new PimSimUserException("serving system: replicas differ in the bytes of keys and values of one token; a cache can move only where they are equal");
        }
    }

    private static void CheckPages(ReplicaPool pool)
    {
        foreach (IReplica replica in pool.Replicas)
        {
            if (pool.Limits.BlockTokens % replica.KvPageTokens != 0)
            {
                throw new PimSimUserException(
                    $"serving limits: block size is {pool.Limits.BlockTokens} tokens, but a replica's memory gives room for {replica.KvPageTokens} at a time; take a multiple of it");
            }
        }
    }
}
