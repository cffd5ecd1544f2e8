using System.Buffers.Text;

namespace PimSim.Devices.Dram;

/// <summary>Writes lines of numbers and short words to a stream without making strings.</summary>
internal sealed class CsvBytes(Stream stream) : IDisposable
{
    private const int BufferSize = 1 << 16;
    private const int LongestField = 32;

    private readonly byte[] _buffer = new byte[BufferSize];
    private int _length;

    /// <summary>Writes a number and a separator.</summary>
    public void Number(long value, byte separator)
    {
        MakeRoom();
        Utf8Formatter.TryFormat(value, _buffer.AsSpan(_length), out int written);
        _length += written;
        _buffer[_length++] = separator;
    }

    /// <summary>Writes a word of at most 31 bytes and a separator.</summary>
    public void Word(ReadOnlySpan<byte> word, byte separator)
    {
        MakeRoom();
        word.CopyTo(_buffer.AsSpan(_length));
        _length += word.Length;
        _buffer[_length++] = separator;
    }

    /// <summary>Writes what is still held back.</summary>
    public void Dispose()
    {
        stream.Write(_buffer, 0, _length);
        _length = 0;
    }

    private void MakeRoom()
    {
        if (_length > BufferSize - LongestField)
        {
            Dispose();
        }
    }
}
