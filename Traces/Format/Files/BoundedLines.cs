using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Files;

/// <summary>Reads the lines of a stream, none longer than a limit, in memory that grows with the longest line only. Lines end with a line feed.</summary>
/// <param name="stream">Read from its position on; not disposed.</param>
/// <param name="file">Name for messages.</param>
/// <param name="mostBytes">The longest line.</param>
internal sealed class BoundedLines(Stream stream, string file, int mostBytes)
{
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _over;

    /// <summary>Number of the line read last, from 1.</summary>
    public int Line { get; private set; }

    /// <summary><c>file:line</c> of the line read last.</summary>
    public string Place => $"{file}:{Line}";

    /// <summary>Reads a line, without its end. Valid until the next call.</summary>
    /// <returns>False at the end of the stream.</returns>
    /// <exception cref="PimSimUserException">The line is too long.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        int searched = _start;
        while (true)
        {
            int feed = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (feed >= 0 || (_over && _end > _start))
            {
                int stop = feed >= 0 ? searched + feed : _end;
                line = _buffer.AsMemory(_start, stop - _start);
                _start = feed >= 0 ? stop + 1 : _end;
                Line++;
                return true;
            }

            if (_over)
            {
                line = default;
                return false;
            }

            searched = _end - _start;
            Fill();
        }
    }

    private void Fill()
    {
        if (_end - _start > mostBytes)
        {
            throw new PimSimUserException($"{file}:{Line + 1}: a line of more than {mostBytes} bytes");
        }

        Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Min(2L * _buffer.Length, mostBytes + 1L));
        }

        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _over = read == 0;
    }
}
