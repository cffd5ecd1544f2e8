using BenchmarkDotNet.Attributes;
using PimSim.Simulator.Kernel;

namespace PimSim.Benchmarks;

/// <summary>The hold model: take the earliest event, schedule it again later. Time per event.</summary>
public class EventQueueBenchmarks
{
    private const int Events = 10_000;

    private EventQueue<long> _queue = null!;

    /// <summary>Events pending all the time.</summary>
    [Params(1, 16, 4096)]
    public int Pending { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _queue = new EventQueue<long>(Pending);
        for (int i = 0; i < Pending; i++)
        {
            _queue.Schedule(new Picoseconds(i), i);
        }
    }

    [Benchmark(OperationsPerInvoke = Events)]
    public void Hold()
    {
        for (int i = 0; i < Events; i++)
        {
            _queue.TryNext(out long item);
            _queue.Schedule(_queue.Now + new Picoseconds(1 + ((item * 7919) % 1000)), item + 1);
        }
    }
}
