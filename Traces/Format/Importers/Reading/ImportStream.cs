using System.Buffers.Binary;
using System.IO.Compression;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>
/// The bytes of one file, expanded if it is gzip, without a UTF-8 byte-order mark. Expansion is bounded and checked against
/// the length that the file states, and every fault of reading is a <see cref="PimSimUserException"/>.
/// </summary>
internal sealed class ImportStream : IDisposable
{
    // Header and trailer of RFC 1952 alone are 18 bytes.
    private const int SmallestGzipBytes = 18;

    private readonly FileStream _file;
    private readonly GZipStream? _expander;
    private readonly long _limit;
    private readonly uint _statedLength;
    private readonly byte[] _head = new byte[3];
    private int _headStart;
    private readonly int _headEnd;
    private long _expanded;

    private ImportStream(string path, FileStream file, ImportLimits limits)
    {
        Path = path;
        Limits = limits;
        _file = file;
        if (IsGzip(file, out _statedLength))
        {
            if (file.Length < SmallestGzipBytes)
            {
                throw ImportError.Of(path, "its gzip data is cut short: it is smaller than an empty gzip file");
            }

            _expander = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
            _limit = Math.Min(
                limits.MaximumExpandedBytes,
                Math.Max(limits.ExpansionFloorBytes, file.Length > long.MaxValue / limits.MaximumExpansion ? long.MaxValue : file.Length * limits.MaximumExpansion));
        }

        while (_headEnd < _head.Length && ReadSource(_head.AsSpan(_headEnd)) is > 0 and int count)
        {
            _headEnd += count;
        }

        if (_head.AsSpan(0, _headEnd).SequenceEqual<byte>([0xEF, 0xBB, 0xBF]))
        {
            _headStart = _headEnd;
            Offset = _headEnd;
        }
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>What is refused.</summary>
    public ImportLimits Limits { get; }

    /// <summary>Position of the next byte in the (expanded) file.</summary>
    public long Offset { get; private set; }

    /// <summary>Opens a regular file.</summary>
    /// <exception cref="PimSimUserException">It does not exist, cannot be read, is a pipe, or its gzip data is damaged.</exception>
    public static ImportStream Open(string path, ImportLimits limits)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (!file.CanSeek)
            {
                throw ImportError.Of(path, "is not a regular file; formats are told apart by reading twice, so write it to a file first");
            }

            ImportStream opened = new(path, file, limits);
            file = null;
            return opened;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = fault is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : fault.Message;
            throw new PimSimUserException($"{path}: cannot be read: {reason}", fault);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Fills a part of <paramref name="buffer"/>; 0 means the end.</summary>
    public int Read(Span<byte> buffer)
    {
        int count;
        if (_headStart < _headEnd)
        {
            count = Math.Min(buffer.Length, _headEnd - _headStart);
            _head.AsSpan(_headStart, count).CopyTo(buffer);
            _headStart += count;
        }
        else
        {
            count = ReadSource(buffer);
        }

        Offset += count;
        return count;
    }

    public void Dispose()
    {
        _expander?.Dispose();
        _file.Dispose();
    }

    private static bool IsGzip(FileStream file, out uint statedLength)
    {
        statedLength = 0;
        Span<byte> bytes = stackalloc byte[4];
        bool gzip = file.ReadAtLeast(bytes[..2], 2, throwOnEndOfStream: false) == 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
        if (gzip && file.Length >= SmallestGzipBytes)
        {
            // The last four bytes of a gzip member are its expanded length modulo 2^32 (RFC 1952, 2.3.1).
            file.Seek(-4, SeekOrigin.End);
            file.ReadExactly(bytes);
            statedLength = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        }

        file.Seek(0, SeekOrigin.Begin);
        return gzip;
    }

    private int ReadSource(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        int count;
        try
        {
            count = _expander is null ? _file.Read(buffer) : _expander.Read(buffer);
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{Path}: byte {_expanded}: cannot be {(_expander is null ? "read" : "expanded, its gzip data is damaged")}: {fault.Message}", fault);
        }

        _expanded += count;
        if (_expander is not null)
        {
            CheckExpansion(count);
        }

        return count;
    }

    private void CheckExpansion(int count)
    {
        if (_expanded > _limit)
        {
            throw ImportError.Of(
                Path,
                $"expands from {_file.Length} to more than {_limit} bytes (limit: {Limits.MaximumExpansion} times the file, {Limits.MaximumExpandedBytes} at most); expand it yourself if it is what you want");
        }

        // The runtime takes gzip data that is cut short for its end.
        if (count == 0 && (uint)_expanded != _statedLength)
        {
            throw ImportError.Of(Path, $"its gzip data is cut short, or several files were joined: {_expanded} bytes came out, its end states {_statedLength}");
        }
    }
}
