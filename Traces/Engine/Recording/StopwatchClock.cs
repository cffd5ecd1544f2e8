using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PimSim.Traces.Engine.Recording;

/// <summary>Wall time of a backend that computes while its caller waits. Not thread-safe.</summary>
public sealed class StopwatchClock : IOperatorClock
{
    private readonly List<long> _ticks = [];
    private long _start;

    /// <inheritdoc/>
    public void Begin() => _start = Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    public void End() => _ticks.Add(Stopwatch.GetTimestamp() - _start);

    /// <inheritdoc/>
    public void Read(Span<long> nanoseconds)
    {
        ReadOnlySpan<long> ticks = CollectionsMarshal.AsSpan(_ticks);
        if (ticks.Length != nanoseconds.Length)
        {
            throw new ArgumentException($"{ticks.Length} operators were timed, not {nanoseconds.Length}", nameof(nanoseconds));
        }

        for (int i = 0; i < ticks.Length; i++)
        {
            nanoseconds[i] = (long)Stopwatch.GetElapsedTime(0, ticks[i]).TotalNanoseconds;
        }

        _ticks.Clear();
    }
}
