using CsCheck;
using PimSim.Experiments.Serving.Offload;
using Xunit;

namespace PimSim.Experiments.Tests.Serving.Offload;

public class OffloadScheduleTests
{
    private static readonly Gen<long> Time = Gen.Long[1, 9];

    private static readonly Gen<StreamPlan> Plan =
        from isPrefill in Gen.Frequency((4, Gen.Const(false)), (1, Gen.Const(true)))
        from firstQuery in Time
        from first in Time
        from middleQuery in Time
        from middle in Time
        from last in Time
        from wire in Gen.Select(Time, Time, Time)
        from pool in Gen.Select(Time, Time)
        select new StreamPlan
        {
            IsPrefill = isPrefill,
            FirstQuery = firstQuery,
            First = firstQuery + first,
            MiddleQuery = middleQuery,
            Middle = middleQuery + middle,
            Last = last,
            QueryWire = wire.Item1,
            CacheWire = wire.Item2,
            ResultWire = wire.Item3,
            Cached = pool.Item1,
            Fresh = pool.Item2,
        };

    private static readonly Gen<Case> Cases =
        from streams in Plan.Array[1, 6]
        from layers in Gen.Int[1, 5]
        from replicas in Gen.Int[1, 4]
        from overlap in Gen.Bool
        from latency in Gen.Long[0, 6]
        select new Case(streams, layers, replicas, overlap, latency);

    [Fact]
    public void The_schedule_is_that_of_the_plain_one_tick_by_tick() => Cases.Sample(
        given =>
        {
            (PathTime end, List<ScheduledSlice> slices) = given.Run();
            (long plainEnd, List<ScheduledSlice> plain) = PlainSchedule.Run(given.Streams, given.Layers, given.Replicas, given.Overlap, given.Latency);
            Assert.Equal(plainEnd, end.TotalPs);
            Assert.Equal(Sorted(plain), Sorted(slices));
        },
        iter: 2000);

    [Fact]
    public void No_resource_does_two_things_at_once_and_every_part_passes_every_layer_in_order() => Cases.Sample(
        given =>
        {
            (_, List<ScheduledSlice> slices) = given.Run();
            foreach (IGrouping<int, ScheduledSlice> resource in slices.GroupBy(slice => slice.Resource))
            {
                ScheduledSlice[] uses = [.. resource.OrderBy(slice => slice.StartPs).ThenBy(slice => slice.EndPs)];
                Assert.All(uses.Zip(uses.Skip(1)), pair => Assert.True(pair.First.EndPs <= pair.Second.StartPs));
            }

            for (int stream = 0; stream < given.Streams.Length; stream++)
            {
                ScheduledSlice[] own = [.. slices.Where(slice => slice.Stream == stream)];
                StreamPlan plan = given.Streams[stream];
                ScheduledSlice[] dense = [.. own.Where(slice => slice.Kind == SliceKind.Dense).OrderBy(slice => slice.StartPs)];
                Assert.Equal(Enumerable.Range(0, given.Layers + 1), dense.Select(slice => slice.Slice));
                Assert.All(dense, slice => Assert.Equal((stream + slice.Slice) % given.Replicas, slice.Resource));
                Assert.Equal(plan.WorkerTime(given.Layers), dense.Sum(slice => slice.EndPs - slice.StartPs));
                for (int layer = 0; layer < given.Layers && !plan.IsPrefill; layer++)
                {
                    ScheduledSlice result = Assert.Single(own, slice => slice.Slice == layer && slice.Kind == SliceKind.ResultSend);
                    Assert.True(dense[layer + 1].StartPs >= result.EndPs + given.Latency);
                    ScheduledSlice[] attention = [.. own.Where(slice => slice.Slice == layer && slice.Resource == given.Replicas)];
                    Assert.Equal(given.Overlap ? 2 : 1, attention.Length);
                    Assert.All(attention, slice => Assert.True(slice.EndPs <= result.StartPs));
                    ScheduledSlice cache = own.Single(slice => slice.Slice == layer && slice.Kind == (given.Overlap ? SliceKind.CacheSend : SliceKind.QuerySend));
                    Assert.True(cache.StartPs >= dense[layer].EndPs, "keys and values leave at the end of the slice");
                    Assert.True(attention.Max(slice => slice.StartPs) >= cache.EndPs + given.Latency, "and are there before attention over them starts");
                }
            }
        },
        iter: 2000);

    [Fact]
    public void What_is_waited_for_adds_up_to_the_end_and_is_bounded_by_work_and_by_the_longest_part() => Cases.Sample(
        given =>
        {
            (PathTime end, List<ScheduledSlice> slices) = given.Run();
            Assert.Equal(end.TotalPs, slices.Max(slice => slice.EndPs + (slice.Kind == SliceKind.CacheSend ? given.Latency : 0)));
            Assert.All(slices.GroupBy(slice => slice.Resource), uses => Assert.True(uses.Sum(slice => slice.EndPs - slice.StartPs) <= end.TotalPs));
            Assert.All(given.Streams, plan => Assert.True((given with { Streams = [plan] }).Run().End.TotalPs <= end.TotalPs));
        },
        iter: 1000);

    [Fact]
    public void One_part_alone_without_a_network_takes_the_model_and_the_pool_one_after_the_other() => Cases.Sample(
        given =>
        {
            StreamPlan plan = given.Streams[0] with { IsPrefill = false, QueryWire = 0, CacheWire = 0, ResultWire = 0 };
            (PathTime end, _) = (given with { Streams = [plan], Latency = 0, Overlap = false }).Run();
            Assert.Equal(new PathTime(plan.WorkerTime(given.Layers), given.Layers * plan.Cached, 0), end);
        },
        iter: 500);

    [Fact]
    public void Equal_parts_fill_replicas_and_pool_without_a_bubble_where_both_have_equal_work()
    {
        // n batches on n - 1 replicas: the pool is as fast as all replicas together.
        for (int batches = 2; batches <= 6; batches++)
        {
            const long PoolTime = 1000;
            const int Layers = 200;
            StreamPlan plan = new() { First = (batches - 1) * PoolTime, Middle = (batches - 1) * PoolTime, Last = 0, Cached = PoolTime };
            Case given = new([.. Enumerable.Repeat(plan, batches)], Layers, batches - 1, false, 0);
            long model = Layers * (batches - 1) * PoolTime;
            long pool = Layers * PoolTime;

            // All batches in t_m + t_a, but for filling the pipeline once.
            long end = given.Run().End.TotalPs;
            Assert.InRange(end, model + pool, model + pool + (batches * batches * PoolTime));
        }
    }

    [Fact]
    public void A_second_run_allocates_nothing()
    {
        StreamPlan plan = new() { First = 5, Middle = 5, Last = 5, FirstQuery = 2, MiddleQuery = 2, QueryWire = 1, CacheWire = 1, ResultWire = 1, Cached = 4, Fresh = 1 };
        StreamPlan[] plans = [plan, plan, plan with { IsPrefill = true }];
        OffloadSchedule schedule = new(80, 1, true, 3);
        NoScheduleSink nobody = default;
        PathTime first = schedule.Run(plans, ref nobody);
        PathTime again = default;
        Assert.Equal(0, Allocations.Least(() => again = schedule.Run(plans, ref nobody)));
        Assert.Equal(first, again);
    }

    private static IEnumerable<ScheduledSlice> Sorted(List<ScheduledSlice> slices) =>
        slices.OrderBy(slice => slice.Stream).ThenBy(slice => slice.Slice).ThenBy(slice => slice.Kind);

    private sealed record Case(StreamPlan[] Streams, int Layers, int Replicas, bool Overlap, long Latency)
    {
        public (PathTime End, List<ScheduledSlice> Slices) Run()
        {
            ScheduleRecord record = new();
            PathTime end = new OffloadSchedule(Layers, Replicas, Overlap, Latency).Run(Streams, ref record);
            return (end, record.Slices);
        }
    }
}
