using System.IO.Compression;

namespace PimSim.Devices.Dram.Requests;

/// <summary>
/// Unpacks gzip and finds out whether it was whole: the runtime's stream ends without a word where its input does. So an
/// archive of one byte is put behind the input; only if that byte comes out was everything before it complete.
/// </summary>
internal sealed class GzipInput : IDisposable
{
    private const byte MarkerByte = (byte)'#';

    // RFC 1952: header, one stored block with the marker byte, its check sum and length.
    private static readonly byte[] Marker =
    [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff,
        0x01, 0x01, 0x00, 0xfe, 0xff, MarkerByte,
        0xff, 0x9e, 0x65, 0x70, 0x01, 0x00, 0x00, 0x00,
    ];

    private readonly MarkedStream _packed;
    private readonly GZipStream _unpacked;

    /// <summary>Takes over a stream of which the first bytes were read already.</summary>
    public GzipInput(byte[] first, Stream rest)
    {
        _packed = new MarkedStream(first, rest);
        _unpacked = new GZipStream(_packed, CompressionMode.Decompress);
    }

    /// <summary>Reads some bytes; 0 at the end.</summary>
    /// <exception cref="InvalidDataException">The archive is damaged or cut off.</exception>
    public int Read(Span<byte> buffer)
    {
        int read = Unpack(buffer);
        if (!_packed.IsInMarker)
        {
            return read;
        }

        // The input is asked for more only once all of it was handed out, so that nothing but the marker can come now.
        bool complete = read == 1 && buffer[0] == MarkerByte && Unpack(buffer) == 0;
        return complete ? 0 : throw new InvalidDataException("the compressed data end early or are damaged");
    }

    public void Dispose() => _unpacked.Dispose();

    private int Unpack(Span<byte> buffer)
    {
        try
        {
            return _unpacked.Read(buffer);
        }
        catch (InvalidDataException fault)
        {
            throw new InvalidDataException("the compressed data end early or are damaged", fault);
        }
    }

    /// <summary>Some bytes, a stream and the marker, one behind the other.</summary>
    private sealed class MarkedStream(byte[] first, Stream rest) : Stream
    {
        private int _firstUsed;
        private int _markerUsed;

        public bool IsInMarker { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int count = Take(first, ref _firstUsed, buffer);
            if (count == 0)
            {
                count = IsInMarker ? 0 : rest.Read(buffer);
            }

            if (count == 0)
            {
                IsInMarker = true;
                count = Take(Marker, ref _markerUsed, buffer);
            }

            return count;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            rest.Dispose();
            base.Dispose(disposing);
        }

        private static int Take(byte[] bytes, ref int used, Span<byte> buffer)
        {
            int count = Math.Min(buffer.Length, bytes.Length - used);
            bytes.AsSpan(used, count).CopyTo(buffer);
            used += count;
            return count;
        }
    }
}
