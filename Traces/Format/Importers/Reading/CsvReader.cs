namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>
/// Rows of comma-separated text as RFC 4180 has them: fields may be quoted and then hold commas, line ends and doubled
/// quotes; lines end in LF or CR LF. Blank lines are skipped. One row is in memory at a time.
/// </summary>
internal sealed class CsvReader(string path, ImportLimits limits) : IDisposable
{
    private readonly ByteSource _source = new(path, limits);
    private readonly RecordBuffer _row = new();
    private readonly List<int> _ends = [];
    private long _nextLine = 1;

    /// <summary>The file, as it was given.</summary>
    public string Path => _source.Path;

    /// <summary>One-based line on which the current row starts.</summary>
    public long Line { get; private set; }

    /// <summary>Fields of the current row.</summary>
    public int Count => _ends.Count;

    /// <summary>A field of the current row without its quotes. Valid until the next row.</summary>
    public ReadOnlySpan<byte> Field(int index)
    {
        int start = index == 0 ? 0 : _ends[index - 1];
        return _row.Bytes.AsSpan(start, _ends[index] - start);
    }

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Read()
    {
        do
        {
            if (_source.Peek() < 0)
            {
                return false;
            }

            ReadRow();
        }
        while (Count == 1 && _row.Length == 0);
        return true;
    }

    public void Dispose() => _source.Dispose();

    private void ReadRow()
    {
        Line = _nextLine;
        _row.Clear();
        _ends.Clear();
        bool more = true;
        while (more)
        {
            more = _source.Peek() == '"' ? ReadQuoted() : ReadPlain();
            _ends.Add(_row.Length);
        }
    }

    /// <summary>Reads a field and the comma or line end after it; true after a comma.</summary>
    private bool ReadPlain()
    {
        while (true)
        {
            int value = _source.Take();
            switch (value)
            {
                case -1 or ',' or '\n':
                    return EndsField(value);
                case '\r' when _source.Peek() is '\n' or -1:
                    break;
                default:
                    Keep(value);
                    break;
            }
        }
    }

    private bool ReadQuoted()
    {
        long opened = _nextLine;
        _source.Take();
        while (true)
        {
            int value = _source.Take();
            switch (value)
            {
                case -1:
                    throw ImportError.At(Path, opened, "a quoted field starts here and never ends; the file is cut short, or a quote is missing");
                case '"' when _source.Peek() == '"':
                    Keep(_source.Take());
                    break;
                case '"':
                    int after = _source.Take();
                    if (after == '\r' && _source.Peek() is '\n' or -1)
                    {
                        after = _source.Take();
                    }

                    return after is -1 or ',' or '\n'
                        ? EndsField(after)
                        : throw ImportError.At(Path, _nextLine, "after the closing quote of a field there must be a comma or the end of the line");
                default:
                    _nextLine += value == '\n' ? 1 : 0;
                    Keep(value);
                    break;
            }
        }
    }

    private bool EndsField(int separator)
    {
        _nextLine += separator == '\n' ? 1 : 0;
        return separator == ',';
    }

    private void Keep(int value)
    {
        if (_row.Length >= _source.Limits.MaximumRecordBytes)
        {
            throw ImportError.At(Path, Line, $"the row is longer than {_source.Limits.MaximumRecordBytes} bytes");
        }

        _row.Add((byte)value);
    }
}
