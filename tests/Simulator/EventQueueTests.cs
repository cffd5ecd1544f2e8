using CsCheck;
using PimSim.Simulator.Kernel;
using Xunit;

namespace PimSim.Simulator.Tests;

public class EventQueueTests
{
    [Fact]
    public void Events_leave_by_time_then_priority_then_insertion() => Gen.Select(Gen.Int[0, 20], Gen.Int[0, 2]).Array[0, 200].Sample(events =>
    {
        EventQueue<int> queue = new(4);
        for (int i = 0; i < events.Length; i++)
        {
            queue.Schedule(new Picoseconds(events[i].Item1), i, events[i].Item2);
        }

        List<int> order = [];
        while (queue.TryNext(out int item))
        {
            order.Add(item);
        }

        // LINQ's OrderBy is a stable sort: an independent statement of the same order.
        Assert.Equal(Enumerable.Range(0, events.Length).OrderBy(i => events[i].Item1).ThenBy(i => events[i].Item2), order);
    });

    [Fact]
    public void Events_scheduled_while_running_keep_the_order() => Gen.Int[1, 30].Array[1, 300].Sample(delays =>
    {
        EventQueue<int> queue = new();
        queue.Schedule(Picoseconds.Zero, 0);
        int next = 1;
        var last = Picoseconds.Zero;
        while (queue.TryNext(out _))
        {
            Assert.True(queue.Now >= last);
            last = queue.Now;
            for (int i = 0; i < 2 && next < delays.Length; i++)
            {
                queue.Schedule(queue.Now + new Picoseconds(delays[next]), next);
                next++;
            }
        }

        Assert.Equal(delays.Length, next);
    });

    [Fact]
    public void The_past_is_refused()
    {
        EventQueue<int> queue = new();
        queue.Schedule(new Picoseconds(5), 1);
        Assert.True(queue.TryNext(out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Schedule(new Picoseconds(4), 2));
    }

    [Fact]
    public void A_warm_queue_allocates_nothing()
    {
        EventQueue<long> queue = new(256);
        Churn(queue, 1000);
        Assert.Equal(0, Allocations.Least(() => Churn(queue, 10_000)));
    }

    private static void Churn(EventQueue<long> queue, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            queue.Schedule(queue.Now + new Picoseconds((i * 7919) % 1000), i);
            if (queue.Count > 200)
            {
                queue.TryNext(out _);
            }
        }

        while (queue.TryNext(out _))
        {
        }
    }
}
