using System.Text;

namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>
/// A CSV file with a header: columns by name in any order, those that nobody asks for ignored, values checked as they are
/// read.
/// </summary>
internal sealed class CsvTable : IDisposable
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly CsvReader _reader;
    private readonly string[] _header;

    private CsvTable(CsvReader reader, string[] header)
    {
        _reader = reader;
        _header = header;
    }

    /// <summary>Names of the columns, trimmed.</summary>
    public IReadOnlyList<string> Header => _header;

    /// <summary>One-based line on which the current row starts.</summary>
    public long Line => _reader.Line;

    /// <summary>Opens a file and reads its header.</summary>
    public static CsvTable Open(string path, ImportLimits limits)
    {
        CsvReader reader = new(path, limits);
        try
        {
            if (!reader.Read())
            {
                throw ImportError.Of(path, "is empty; a line with the names of its columns was expected");
            }

            string[] header = new string[reader.Count];
            for (int i = 0; i < header.Length; i++)
            {
                header[i] = Encoding.UTF8.GetString(reader.Field(i)).Trim();
            }

            return new CsvTable(reader, header);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Places of columns that must be there, once each.</summary>
    public int[] Require(params ReadOnlySpan<string> names)
    {
        List<string> missing = [];
        int[] places = new int[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            places[i] = Find(names[i]);
            if (places[i] < 0)
            {
                missing.Add(names[i]);
            }
        }

        return missing.Count == 0
            ? places
            : throw Fault($"no column {string.Join(", ", missing.Select(ImportError.Show))}; found: {ImportError.Show(string.Join(',', _header))}");
    }

    /// <summary>Place of a column, -1 if there is none.</summary>
    public int Find(string name)
    {
        int first = Array.IndexOf(_header, name);
        return first >= 0 && Array.IndexOf(_header, name, first + 1) >= 0
            ? throw Fault($"column {ImportError.Show(name)} occurs more than once")
            : first;
    }

    /// <summary>Goes to the next row, which must have as many fields as the header; false at the end.</summary>
    /// <param name="shortened">Fields at the end may be missing: they are empty.</param>
    public bool Read(bool shortened = false)
    {
        if (!_reader.Read())
        {
            return false;
        }

        return _reader.Count == _header.Length || (shortened && _reader.Count < _header.Length)
            ? true
            : throw Fault($"{_reader.Count} fields, but the header names {_header.Length}");
    }

    /// <summary>The bytes of a field, trimmed of spaces.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => column >= _reader.Count ? [] : _reader.Field(column).Trim((byte)' ');

    /// <summary>A field as text.</summary>
    public string Text(int column)
    {
        try
        {
            return column >= _reader.Count ? "" : StrictUtf8.GetString(_reader.Field(column));
        }
        catch (DecoderFallbackException)
        {
            throw Fault($"{ImportError.Show(_header[column])} is not UTF-8 text");
        }
    }

    /// <summary>A whole number within bounds.</summary>
    public int Integer(int column, int minimum, int maximum = int.MaxValue) =>
        DecimalNumber.TryScale(Bytes(column), 0, out long value, out bool exact) && exact && value >= minimum && value <= maximum
            ? (int)value
            : throw Fault($"{ImportError.Show(_header[column])} must be a whole number from {minimum} to {maximum}, not {ImportError.Show(Bytes(column))}");

    /// <summary>A number times 10^<paramref name="scale"/>, from 0 to <paramref name="maximum"/>, rounded.</summary>
    public long Scaled(int column, int scale, string unit, long maximum = long.MaxValue) =>
        DecimalNumber.TryScale(Bytes(column), scale, out long value, out _) && value >= 0 && value <= maximum
            ? value
            : throw Fault($"{ImportError.Show(_header[column])} must be a number of {unit} from 0 to {maximum / Math.Pow(10, scale):G4}, not {ImportError.Show(Bytes(column))}");

    /// <summary>A number from 0 to <paramref name="maximum"/>, to nine digits behind the point.</summary>
    public double Number(int column, string unit, double maximum) =>
        DecimalNumber.TryScale(Bytes(column), 9, out long value, out _) && value >= 0 && value / 1e9 <= maximum
            ? value / 1e9
            : throw Fault($"{ImportError.Show(_header[column])} must be a number of {unit} from 0 to {maximum:G4}, not {ImportError.Show(Bytes(column))}");

    /// <summary>An error at the current row.</summary>
    public Exception Fault(string message) => ImportError.At(_reader.Path, Math.Max(1, Line), message);

    public void Dispose() => _reader.Dispose();
}
