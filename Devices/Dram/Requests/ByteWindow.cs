namespace PimSim.Devices.Dram.Requests;

/// <summary>
/// The whole lines of a stream that are in memory at the moment, in one buffer that is filled again and again. Every line in
/// it ends with a line feed, the last of a file too, so that a scan needs no other bound. gzip is unpacked on the way.
/// </summary>
internal sealed class ByteWindow : IDisposable
{
    /// <summary>How far a scan may read beyond a line feed without looking.</summary>
    private const int Padding = 16;

    private readonly Stream _stream;
    private readonly GzipInput? _gzip;
    private readonly int _capacity;
    private int _filled;
    private bool _ended;

    /// <summary>Takes over a stream. The buffer holds at least the longest line.</summary>
    public ByteWindow(Stream stream, int capacity)
    {
        _capacity = Math.Max(capacity, 2);
        Buffer = GC.AllocateUninitializedArray<byte>(_capacity + 1 + Padding);
        _stream = stream;
        _filled = stream.ReadAtLeast(Buffer.AsSpan(0, 2), 2, throwOnEndOfStream: false);
        if (_filled == 2 && Buffer[0] == 0x1f && Buffer[1] == 0x8b)
        {
            _gzip = new GzipInput([0x1f, 0x8b], stream);
            _filled = 0;
        }
    }

    /// <summary>The bytes.</summary>
    public byte[] Buffer { get; }

    /// <summary>The first byte not yet used.</summary>
    public int Position { get; set; }

    /// <summary>The end of the last whole line.</summary>
    public int Limit { get; private set; }

    /// <summary>Reads until there is at least one more line. False at the end. Call when all lines are used.</summary>
    /// <exception cref="InvalidDataException">A line is longer than the buffer, or compressed data are broken.</exception>
    public bool Refill()
    {
        int rest = _filled - Position;
        Array.Copy(Buffer, Position, Buffer, 0, rest);
        (Position, Limit, _filled) = (0, 0, rest);
        while (true)
        {
            int lineEnd = Buffer.AsSpan(0, _filled).LastIndexOf((byte)'\n') + 1;
            if (lineEnd > 0 && (_filled == _capacity || _ended))
            {
                Limit = lineEnd;
                return true;
            }

            if (_ended)
            {
                if (_filled == 0)
                {
                    return false;
                }

                Buffer[_filled++] = (byte)'\n';
                Limit = _filled;
                return true;
            }

            if (_filled == _capacity)
            {
                throw new InvalidDataException($"the line is longer than {_capacity} bytes, so this is no file of requests");
            }

            Span<byte> free = Buffer.AsSpan(_filled, _capacity - _filled);
            int read = _gzip is null ? _stream.Read(free) : _gzip.Read(free);
            _filled += read;
            _ended = read == 0;
        }
    }

    public void Dispose()
    {
        _gzip?.Dispose();
        _stream.Dispose();
    }
}
