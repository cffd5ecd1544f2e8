namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>Lines of a file that are not blank, one in memory at a time; they end in LF or CR LF.</summary>
internal sealed class LineReader(string path, ImportLimits limits) : IDisposable
{
    private readonly ByteSource _source = new(path, limits);
    private readonly RecordBuffer _line = new();

    /// <summary>The file, as it was given.</summary>
    public string Path => _source.Path;

    /// <summary>One-based number of the current line.</summary>
    public long Line { get; private set; }

    /// <summary>The bytes of the current line; valid until the next.</summary>
    public RecordBuffer Content => _line;

    /// <summary>Goes to the next line that is not blank; false at the end.</summary>
    public bool Read()
    {
        do
        {
            if (_source.Peek() < 0)
            {
                return false;
            }

            ReadLine();
        }
        while (_line.Bytes.AsSpan(0, _line.Length).IndexOfAnyExcept(" \t\r"u8) < 0);
        return true;
    }

    public void Dispose() => _source.Dispose();

    private void ReadLine()
    {
        _line.Clear();
        Line++;
        for (int value = _source.Take(); value is not (-1 or '\n'); value = _source.Take())
        {
            if (_line.Length >= _source.Limits.MaximumRecordBytes)
            {
                throw ImportError.At(Path, Line, $"the line is longer than {_source.Limits.MaximumRecordBytes} bytes");
            }

            _line.Add((byte)value);
        }
    }
}
