using PimSim.Experiments.Serving.Offload;

namespace PimSim.Experiments.Tests.Serving.Offload;

/// <summary>The schedule in its plainest form: all uses of resources with what they wait for, started tick by tick.</summary>
internal static class PlainSchedule
{
    public static (long End, List<ScheduledSlice> Slices) Run(IReadOnlyList<StreamPlan> streams, int layers, int replicas, bool overlap, long latency)
    {
        List<Use> uses = [];
        for (int stream = 0; stream < streams.Count; stream++)
        {
            Build(uses, streams[stream], stream, layers, replicas, overlap, latency);
        }

        long[] free = new long[replicas + 3];
        List<ScheduledSlice> slices = [];
        for (long now = 0; uses.Exists(use => use.Start < 0); now++)
        {
            while (uses.Where(use => use.Start < 0 && use.Ready is { } ready && ready <= now && free[use.Resource] <= now)
                .OrderBy(use => use.Ready).ThenBy(use => use.Stream).ThenBy(use => use.Kind == SliceKind.CacheSend ? 0 : 1).FirstOrDefault() is { } next)
            {
                next.Start = now;
                free[next.Resource] = now + next.Length;
                slices.Add(new ScheduledSlice(next.Kind, next.Stream, next.Slice, next.Resource, now, now + next.Length));
            }
        }

        return (uses.Max(use => use.Kind == SliceKind.CacheSend ? use.Start + use.Length + latency : use.Start + use.Length), slices);
    }

    private static void Build(List<Use> uses, StreamPlan plan, int stream, int layers, int replicas, bool overlap, long latency)
    {
        Use Add(SliceKind kind, int slice, int resource, long length, params Func<long?>[] after)
        {
            Use use = new(kind, stream, slice, resource, length, after);
            uses.Add(use);
            return use;
        }

        Func<long?> begin = () => 0;
        for (int slice = 0; slice <= layers; slice++)
        {
            long length = slice == 0 ? plan.First : slice == layers ? plan.Last : plan.Middle;
            Use dense = Add(SliceKind.Dense, slice, (stream + slice) % replicas, length, begin);
            if (slice == layers)
            {
                break;
            }

            if (plan.IsPrefill)
            {
                Add(SliceKind.CacheSend, slice, replicas + 1, plan.CacheWire, dense.After(0));
                begin = dense.After(0);
                continue;
            }

            long query = slice == 0 ? plan.FirstQuery : plan.MiddleQuery;
            Use send = Add(SliceKind.QuerySend, slice, replicas + 1, plan.QueryWire, overlap ? () => dense.Start < 0 ? null : dense.Start + query : dense.After(0));
            Use attention = Add(SliceKind.CachedAttention, slice, replicas, plan.Cached, send.After(latency));
            if (overlap)
            {
                Use cache = Add(SliceKind.CacheSend, slice, replicas + 1, plan.CacheWire, dense.After(0));
                attention = Add(SliceKind.FreshAttention, slice, replicas, plan.Fresh, attention.After(0), cache.After(latency));
            }

            begin = Add(SliceKind.ResultSend, slice, replicas + 2, plan.ResultWire, attention.After(0)).After(latency);
        }
    }

    private sealed class Use(SliceKind kind, int stream, int slice, int resource, long length, Func<long?>[] after)
    {
        public SliceKind Kind => kind;

        public int Stream => stream;

        public int Slice => slice;

        public int Resource => resource;

        public long Length => length;

        public long Start { get; set; } = -1;

        public long? Ready => Array.TrueForAll(after, time => time() is not null) ? after.Max(time => time()!.Value) : null;

        public Func<long?> After(long latency) => () => Start < 0 ? null : Start + length + latency;
    }
}
