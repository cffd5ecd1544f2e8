using System.IO.MemoryMappedFiles;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Weights;

/// <summary>
/// A whole file mapped into memory, of any size: what is not read is not loaded. Spans stay valid until the file is disposed; nobody may
/// shorten it meanwhile. Thread-safe for reading.
/// </summary>
public sealed unsafe class MappedWeightFile : IWeightMemory, IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _start;

    private MappedWeightFile(MemoryMappedFile file, MemoryMappedViewAccessor view, long length)
    {
        (_file, _view, Length) = (file, view, length);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += view.PointerOffset;
    }

    /// <summary>Bytes of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="PimSimUserException">The file cannot be read, or is empty.</exception>
    public static MappedWeightFile Open(string path)
    {
        MemoryMappedFile? file = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            long length = new FileInfo(path).Length;
            if (length == 0)
            {
                throw new PimSimUserException($"{path}: the file is empty");
            }

            file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            MappedWeightFile mapped = new(file, view, length);
            (file, view) = (null, null);
            return mapped;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }
        finally
        {
            view?.Dispose();
            file?.Dispose();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The file is disposed.</exception>
    public ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>(_start + offset, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_start is not null)
        {
            _start = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }
}
