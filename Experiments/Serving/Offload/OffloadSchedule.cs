using System.Diagnostics;

namespace PimSim.Experiments.Serving.Offload;

/// <summary>
/// One iteration of a batch whose parts take turns on the replicas of the model, the network and the attention pool. Slice k of part j runs on
/// replica (j + k) mod replicas. Every resource serves who asks first, then the lower part, and does one thing at a time. Reused for every
/// iteration; a run of as many parts as before allocates nothing.
/// </summary>
internal sealed class OffloadSchedule
{
    private const long NotAsked = long.MaxValue;

    private readonly int _layers;
    private readonly int _replicas;
    private readonly bool _overlap;
    private readonly long _latency;
    private readonly Resource[] _resources;
    private Request[] _requests = [];
    private Progress[] _progress = [];

    /// <summary>Prepares the schedule of a model on a system.</summary>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="replicas">Replicas of it.</param>
    /// <param name="overlap">Queries go first, and attention over cached tokens starts when they are there.</param>
    /// <param name="latencyPs">Latency of a message.</param>
    public OffloadSchedule(int layers, int replicas, bool overlap, long latencyPs)
    {
        _layers = layers;
        _replicas = replicas;
        _overlap = overlap;
        _latency = latencyPs;
        _resources = new Resource[replicas + 3];
    }

    /// <summary>The resource that is the pool.</summary>
    public int Pool => _replicas;

    private int ToPool => _replicas + 1;

    private int FromPool => _replicas + 2;

    /// <summary>Runs an iteration.</summary>
    /// <returns>How long it takes and what for.</returns>
    public PathTime Run<TSink>(ReadOnlySpan<StreamPlan> streams, ref TSink sink)
        where TSink : struct, IScheduleSink
    {
        Prepare(streams.Length);
        PathTime end = default;
        while (true)
        {
            int next = 0;
            for (int i = 1; i < 2 * streams.Length; i++)
            {
                next = _requests[i].ReadyPs < _requests[next].ReadyPs ? i : next;
            }

            if (streams.IsEmpty || _requests[next].ReadyPs == NotAsked)
            {
                AssertPassed(streams.Length);
                return end;
            }

            PathTime done = Grant(streams, next, ref sink);
            end = done.TotalPs > end.TotalPs ? done : end;
        }
    }

    private void Prepare(int streams)
    {
        if (_progress.Length < streams)
        {
            _progress = new Progress[streams];
            _requests = new Request[2 * streams];
        }

        Array.Clear(_resources);
        for (int i = 0; i < streams; i++)
        {
            _progress[i] = default;
            _requests[2 * i] = Request.None;
            _requests[(2 * i) + 1] = new Request(SliceKind.Dense, 0, default);
        }
    }

    /// <summary>Serves a request and enters those that follow from it. Returns when what it started is over, as far as it ends something.</summary>
    private PathTime Grant<TSink>(ReadOnlySpan<StreamPlan> streams, int number, ref TSink sink)
        where TSink : struct, IScheduleSink
    {
        int stream = number >> 1;
        ref readonly StreamPlan plan = ref streams[stream];
        ref Progress progress = ref _progress[stream];
        // Of a part's two requests keys and values come first, so that they are on their way before the next slice has more of them.
        ref Request side = ref _requests[2 * stream];
        ref Request main = ref _requests[(2 * stream) + 1];
        Request request = _requests[number];
        _requests[number] = Request.None;
        int at = request.Kind switch
        {
            SliceKind.Dense => (stream + progress.Slice) % _replicas,
            SliceKind.CachedAttention or SliceKind.FreshAttention => Pool,
            SliceKind.ResultSend => FromPool,
            _ => ToPool,
        };
        ref Resource resource = ref _resources[at];
        PathTime start = resource.Free.TotalPs > request.ReadyPs ? resource.Free : request.Path;
        PathTime end = start;
        int slice = request.Kind == SliceKind.CacheSend ? progress.CacheSlice : progress.Slice;
        switch (request.Kind)
        {
            case SliceKind.Dense:
                end = start with { DensePs = start.DensePs + DenseTime(plan, slice) };
                AfterDense(plan, start, end, ref progress, ref main, ref side);
                break;
            case SliceKind.QuerySend:
                end = Sent(start, plan.QueryWire);
                main = new Request(SliceKind.CachedAttention, Arrived(end));
                break;
            case SliceKind.CacheSend:
                end = Sent(start, plan.CacheWire);
                progress.CacheArrival = Arrived(end);
                progress.CacheArrived = true;
                AskForFresh(plan, ref progress, ref main);
                break;
            case SliceKind.CachedAttention:
                end = start with { AttentionPs = start.AttentionPs + plan.Cached };
                progress.CachedEnd = end;
                progress.CachedDone = true;
                if (_overlap)
                {
                    AskForFresh(plan, ref progress, ref main);
                }
                else
                {
                    main = new Request(SliceKind.ResultSend, end);
                }

                break;
            case SliceKind.FreshAttention:
                end = start with { AttentionPs = start.AttentionPs + plan.Fresh };
                main = new Request(SliceKind.ResultSend, end);
                break;
            default:
                end = Sent(start, plan.ResultWire);
                progress.Slice++;
                main = new Request(SliceKind.Dense, Arrived(end));
                break;
        }

        resource.Free = end;
        sink.Add(new ScheduledSlice(request.Kind, stream, slice, at, start.TotalPs, end.TotalPs));
        return request.Kind switch
        {
            SliceKind.Dense => end,
            SliceKind.CacheSend => Arrived(end),
            _ => default,
        };
    }

    private void AfterDense(in StreamPlan plan, PathTime start, PathTime end, ref Progress progress, ref Request main, ref Request side)
    {
        if (progress.Slice == _layers)
        {
            progress.Slice++;
            return;
        }

        if (plan.IsPrefill)
        {
            progress.CacheSlice = progress.Slice;
            progress.Slice++;
            side = new Request(SliceKind.CacheSend, end);
            main = new Request(SliceKind.Dense, end);
            return;
        }

        progress.CachedDone = false;
        progress.CacheArrived = false;
        if (_overlap)
        {
            progress.CacheSlice = progress.Slice;
            long query = progress.Slice == 0 ? plan.FirstQuery : plan.MiddleQuery;
            main = new Request(SliceKind.QuerySend, start with { DensePs = start.DensePs + query });
            side = new Request(SliceKind.CacheSend, end);
        }
        else
        {
            main = new Request(SliceKind.QuerySend, end);
        }
    }

    private static void AskForFresh(in StreamPlan plan, ref Progress progress, ref Request main)
    {
        if (!plan.IsPrefill && progress.CachedDone && progress.CacheArrived)
        {
            main = new Request(SliceKind.FreshAttention, progress.CacheArrival.TotalPs > progress.CachedEnd.TotalPs ? progress.CacheArrival : progress.CachedEnd);
        }
    }

    private long DenseTime(in StreamPlan plan, int slice) => slice == 0 ? plan.First : slice == _layers ? plan.Last : plan.Middle;

    private static PathTime Sent(PathTime start, long wire) => start with { NetworkPs = start.NetworkPs + wire };

    private PathTime Arrived(PathTime sent) => sent with { NetworkPs = sent.NetworkPs + _latency };

    private struct Resource
    {
        /// <summary>When it has done all that was asked of it.</summary>
        public PathTime Free;
    }

    private struct Progress
    {
        /// <summary>The dense slice that is next or runs; one more than the layers at the end.</summary>
        public int Slice;

        /// <summary>Whose keys and values are on their way.</summary>
        public int CacheSlice;

        public bool CachedDone;
        public bool CacheArrived;
        public PathTime CachedEnd;
        public PathTime CacheArrival;
    }

    private readonly record struct Request(SliceKind Kind, long ReadyPs, PathTime Path)
    {
        public static readonly Request None = new(SliceKind.Dense, NotAsked, default);

        public Request(SliceKind kind, PathTime ready)
            : this(kind, ready.TotalPs, ready)
        {
        }
    }

    [Conditional("DEBUG")]
    private void AssertPassed(int streams)
    {
        for (int stream = 0; stream < streams; stream++)
        {
            Debug.Assert(_progress[stream].Slice == _layers + 1, "all parts have passed all layers");
        }
    }
}
