using System.Diagnostics;
using System.Runtime.InteropServices;
using ILGPU.Runtime;
using PimSim.Traces.Engine.Recording;

namespace PimSim.Traces.Cuda;

/// <summary>
/// Times the kernels of each operator: on a GPU by two CUDA events in their own stream, which nobody waits for before the step is over; on
/// the emulation by the clock once the kernels are done. Between <see cref="Begin"/> and <see cref="End"/> the backend says where the
/// kernels begin and end; without them nothing is measured. Not thread-safe.
/// </summary>
internal sealed class CudaClock(CudaDevice device) : IOperatorClock, IDisposable
{
    private readonly List<Interval> _ended = [];
    private Interval? _current;
    private bool _inOperator;

    /// <inheritdoc/>
    public void Begin()
    {
        _current?.Dispose();
        _current = null;
        _inOperator = true;
    }

    /// <inheritdoc/>
    public void End()
    {
        _ended.Add(_current ?? throw new InvalidOperationException("an operator was timed that ran nothing on the device"));
        _current = null;
        _inOperator = false;
    }

    /// <inheritdoc/>
    public void Read(Span<long> nanoseconds)
    {
        if (_ended.Count != nanoseconds.Length)
        {
            throw new ArgumentException($"{_ended.Count} operators were timed, not {nanoseconds.Length}", nameof(nanoseconds));
        }

        ReadOnlySpan<Interval> ended = CollectionsMarshal.AsSpan(_ended);
        for (int index = 0; index < ended.Length; index++)
        {
            nanoseconds[index] = ended[index].Nanoseconds();
            ended[index].Dispose();
        }

        _ended.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _current?.Dispose();
        _ended.ForEach(interval => interval.Dispose());
        _ended.Clear();
    }

    /// <summary>The kernels of an operator follow.</summary>
    internal void BeforeKernels()
    {
        if (_inOperator)
        {
            _current?.Dispose();
            _current = new Interval(device);
        }
    }

    /// <summary>They have all been started.</summary>
    internal void AfterKernels() => _current?.Close();

    private sealed class Interval : IDisposable
    {
        private readonly AcceleratorStream _stream;
        private readonly ProfilingMarker? _begin;
        private readonly long _start;
        private ProfilingMarker? _end;
        private long _nanoseconds;

        public Interval(CudaDevice device)
        {
            _stream = device.Accelerator.DefaultStream;
            if (device.Emulated)
            {
                _stream.Synchronize();
                _start = Stopwatch.GetTimestamp();
            }
            else
            {
                _begin = _stream.AddProfilingMarker();
            }
        }

        public void Close()
        {
            if (_begin is null)
            {
                _stream.Synchronize();
                _nanoseconds = (long)Stopwatch.GetElapsedTime(_start).TotalNanoseconds;
            }
            else
            {
                _end = _stream.AddProfilingMarker();
            }
        }

        public long Nanoseconds()
        {
            if (_begin is not null && _end is not null)
            {
                _end.Synchronize();
                _nanoseconds = (long)_end.MeasureFrom(_begin).TotalNanoseconds;
            }

            return _nanoseconds;
        }

        public void Dispose()
        {
            _begin?.Dispose();
            _end?.Dispose();
        }
    }
}
