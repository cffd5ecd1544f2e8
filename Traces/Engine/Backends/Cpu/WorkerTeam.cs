using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// A fixed number of threads, the caller being one of them, that share the pieces of one work after another. Each thread has a range of
/// consecutive pieces of its own, so that it reads memory in one stream, and takes from the end of another's when it is done. Decoding hands
/// out about 150 works per token, each of some ten to hundred microseconds, so threads look for the next work for a while before they sleep,
/// and the caller waits for pieces, not for threads: one that wakes late costs nothing.
/// </summary>
internal sealed class WorkerTeam : IDisposable
{
    private static readonly long SpinTicks = Stopwatch.Frequency / 5_000;

    private const int RangeStride = 16;

    // A range is its first piece, the piece after its last, and the number of the work, by which a late thread sees that it has changed.
    private const int PieceBits = 22;
    private const int MaxPieces = (1 << PieceBits) - 1;

    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private ParallelWork? _work;
    private ExceptionDispatchInfo? _failure;
    private int _sleeping;
    private volatile bool _stopped;

    // One range for each thread, a cache line or more apart.
    private readonly long[] _ranges;
    private int _number;
    private int _done;

    public WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _ranges = new long[(threads + 1) * RangeStride];
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

        ArgumentOutOfRangeException.ThrowIfGreaterThan(pieces, MaxPieces);
        _work = work;
        _done = 0;
        int number = _number + 1;
        for (int worker = 0; worker < Threads; worker++)
        {
            long first = (long)pieces * worker / Threads;
            long end = (long)pieces * (worker + 1) / Threads;
            Volatile.Write(ref RangeOf(worker), ((long)number << (2 * PieceBits)) | (first << PieceBits) | end);
        }

        Interlocked.Exchange(ref _number, number);
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

    private ref long RangeOf(int worker) => ref _ranges[(worker + 1) * RangeStride];

    private bool TryTake(int worker)
    {
        for (int distance = 0; distance < Threads; distance++)
        {
            ref long range = ref RangeOf((worker + distance) % Threads);
            long seen = Volatile.Read(ref range);
            while (true)
            {
                int first = (int)(seen >> PieceBits) & MaxPieces;
                int end = (int)seen & MaxPieces;
                if (first >= end)
                {
                    break;
                }

                bool own = distance == 0;
                long now = Interlocked.CompareExchange(ref range, own ? seen + (1L << PieceBits) : seen - 1, seen);
                if (now == seen)
                {
                    // The work cannot end before this piece does, so _work stays what it is.
                    Do(own ? first : end - 1, worker);
                    return true;
                }

                seen = now;
            }
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
            int number = Volatile.Read(ref _number);
            if (TryTake(worker))
            {
                start = 0;
            }
            else if (!Pause(ref start))
            {
                Sleep(number);
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

    /// <summary>Sleeps until there is a work after the one of this number.</summary>
    private void Sleep(int number)
    {
        lock (_gate)
        {
            // Counted before the number is read, and read by Run after the number is written: one of the two sees the other.
            Interlocked.Increment(ref _sleeping);
            while (Volatile.Read(ref _number) == number && !_stopped)
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _sleeping);
        }
    }
}
