using System.Diagnostics;
using ILGPU.Runtime;

namespace PimSim.Traces.Cuda;

/// <summary>
/// Times one operator at a time: on a GPU between two CUDA events in its own stream, so that neither launch nor waiting of the host
/// counts; on the emulation by the clock once the operator is done. Not thread-safe.
/// </summary>
internal sealed class OperatorStopwatch(CudaDevice device) : IDisposable
{
    private readonly AcceleratorStream _stream = device.Accelerator.DefaultStream;
    private ProfilingMarker? _begin;
    private ProfilingMarker? _end;
    private long _start;
    private long _nanoseconds;

    /// <summary>The operator begins.</summary>
    public void Begin()
    {
        if (device.Emulated)
        {
            _stream.Synchronize();
            _start = Stopwatch.GetTimestamp();
            return;
        }

        Dispose();
        _begin = _stream.AddProfilingMarker();
    }

    /// <summary>All its kernels have been started.</summary>
    public void End()
    {
        if (device.Emulated)
        {
            _stream.Synchronize();
            _nanoseconds = Stopwatch.GetElapsedTime(_start).Ticks * TimeSpan.NanosecondsPerTick;
            return;
        }

        _end = _stream.AddProfilingMarker();
    }

    /// <summary>How long it took; waits for its end. 0 if there was none.</summary>
    public long Nanoseconds()
    {
        if (_begin is not null && _end is not null)
        {
            _end.Synchronize();
            _nanoseconds = _end.MeasureFrom(_begin).Ticks * TimeSpan.NanosecondsPerTick;
            Dispose();
        }

        return _nanoseconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _begin?.Dispose();
        _end?.Dispose();
        _begin = null;
        _end = null;
    }
}
