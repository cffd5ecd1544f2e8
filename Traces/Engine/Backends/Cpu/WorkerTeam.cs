using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// A fixed number of threads, the caller being one of them, that share the pieces of one work after another. Decoding hands out about
/// 150 works per token, each of some ten to hundred microseconds, so threads look for the next work for a while before they sleep, and
/// the caller waits for pieces, not for threads: one that wakes late costs nothing.
/// </summary>
internal sealed class WorkerTeam : IDisposable
{
    private static readonly long SpinTicks = Stopwatch.Frequency / 5_000;

    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private ParallelWork? _work;
    private ExceptionDispatchInfo? _failure;
    private int _pieces;
    private int _sleeping;
    private volatile bool _stopped;

    // Number of the work in the upper half, pieces not yet taken in the lower: a late thread cannot take a piece of another work by mistake.
    private long _ticket;
    private int _done;

    public WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _threads = new Thread[threads - 1];
        for (int index = 0; index < _threads.Length; index++)
        {
            int worker = index + 1;
            _threads[index] = new Thread(() => Serve(worker)) { IsBackground = true, Name = $"cpu backend {worker}" };
            _threads[index].Start();
        }
    }

    /// <summary>Threads, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Does all pieces of a work and returns when they are done.</summary>
    public void Run(ParallelWork work, int pieces)
    {
        if (_threads.Length == 0 || pieces <= 1)
        {
            for (int piece = 0; piece < pieces; piece++)
            {
                work.Run(piece, 0);
            }

            return;
        }

        _work = work;
        _pieces = pieces;
        _done = 0;
        long number = (Volatile.Read(ref _ticket) >> 32) + 1;
        Interlocked.Exchange(ref _ticket, (number << 32) | (uint)pieces);
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }

        while (TryTake(0))
        {
        }

        long start = 0;
        while (Volatile.Read(ref _done) < pieces)
        {
            Pause(ref start);
        }

        if (_failure is { } failure)
        {
            _failure = null;
            failure.Throw();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped = true;
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private bool TryTake(int worker)
    {
        long ticket = Volatile.Read(ref _ticket);
        while ((uint)ticket > 0)
        {
            long seen = Interlocked.CompareExchange(ref _ticket, ticket - 1, ticket);
            if (seen == ticket)
            {
                // The work cannot end before this piece does, so its fields stay as they are.
                Do(_pieces - (int)(uint)ticket, worker);
                return true;
            }

            ticket = seen;
        }

        return false;
    }

    private void Do(int piece, int worker)
    {
        try
        {
            _work!.Run(piece, worker);
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }

        Interlocked.Increment(ref _done);
    }

    private void Serve(int worker)
    {
        long start = 0;
        while (!_stopped)
        {
            if (TryTake(worker))
            {
                start = 0;
            }
            else if (!Pause(ref start))
            {
                Sleep();
                start = 0;
            }
        }
    }

    /// <summary>Waits briefly; false once that has been going on for so long that another program should have the core.</summary>
    private static bool Pause(ref long start)
    {
        long now = Stopwatch.GetTimestamp();
        if (start == 0)
        {
            start = now;
        }

        if (now - start < SpinTicks)
        {
            Thread.SpinWait(10);
            return true;
        }

        Thread.Yield();
        return false;
    }

    private void Sleep()
    {
        lock (_gate)
        {
            // Counted before the ticket is read, and read by Run after the ticket is written: one of the two sees the other.
            Interlocked.Increment(ref _sleeping);
            while ((uint)Volatile.Read(ref _ticket) == 0 && !_stopped)
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _sleeping);
        }
    }
}
