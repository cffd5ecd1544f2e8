namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>One byte after another from a stream, in blocks.</summary>
internal sealed class ByteSource(string path, ImportLimits limits) : IDisposable
{
    private readonly ImportStream _stream = ImportStream.Open(path, limits);
    private readonly byte[] _block = new byte[1 << 16];
    private int _next;
    private int _end;

    /// <summary>The file, as it was given.</summary>
    public string Path => _stream.Path;

    /// <summary>What is refused.</summary>
    public ImportLimits Limits => _stream.Limits;

    /// <summary>The next byte without taking it; -1 at the end.</summary>
    public int Peek()
    {
        if (_next == _end)
        {
            _next = 0;
            _end = _stream.Read(_block);
        }

        return _next == _end ? -1 : _block[_next];
    }

    /// <summary>Takes the next byte; -1 at the end.</summary>
    public int Take()
    {
        int result = Peek();
        _next += result < 0 ? 0 : 1;
        return result;
    }

    public void Dispose() => _stream.Dispose();
}
