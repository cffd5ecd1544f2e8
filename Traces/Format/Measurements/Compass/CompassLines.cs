using System.Collections.Immutable;
using System.Text;
using PimSim.Traces.Format.Importers.Reading;

namespace PimSim.Traces.Format.Measurements.Compass;

/// <summary>
/// Lines of numbers without a header, each perhaps with a unit behind it, as LLMCompass keeps what it measured. The files do not say what
/// they hold: the word before the first underscore of the file's name does.
/// </summary>
internal sealed class CompassLines(MeasurementSource source) : IDisposable
{
    public static readonly ImmutableArray<string> Kinds = ["matmul", "softmax", "layernorm", "gelu", "transformer", "transformerAR"];

    private readonly CsvReader _reader = new(source.Path, source.Limits);

    public long Line => _reader.Line;

    /// <summary>What a file of this name holds; null if it is none of these.</summary>
    public static string? KindOf(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        string word = name.Split('_')[0];
        return Kinds.Contains(word) && name.Length > word.Length ? word : null;
    }

    /// <summary>Goes to the next line, which must have so many numbers; false at the end.</summary>
    public bool Read(int fields) => _reader.Read() && (_reader.Count == fields ? true : throw Fault($"{_reader.Count} fields where {fields} numbers are needed"));

    public int Integer(int field) => DecimalNumber.TryScale(Bytes(field, ""), 0, out long value, out bool exact) && exact && value is >= 1 and <= int.MaxValue
        ? (int)value
        : throw Fault($"field {field + 1} must be a whole number from 1 to {int.MaxValue}, not {ImportError.Show(_reader.Field(field))}");

    /// <summary>A number above 0 with the unit behind it, in units of 10^-12.</summary>
    public double Number(int field, string unit) => DecimalNumber.TryScale(Bytes(field, unit), 12, out long value, out _) && value > 0
        ? value / 1e12
        : throw Fault($"field {field + 1} must be a number above 0{(unit.Length > 0 ? $" with '{unit}' behind it" : "")}, not {ImportError.Show(_reader.Field(field))}");

    public Exception Fault(string message) => ImportError.At(source.Path, Math.Max(1, Line), message);

    public void Dispose() => _reader.Dispose();

    private ReadOnlySpan<byte> Bytes(int field, string unit)
    {
        ReadOnlySpan<byte> text = _reader.Field(field).Trim((byte)' ');
        ReadOnlySpan<byte> suffix = Encoding.ASCII.GetBytes(unit);
        return text.EndsWith(suffix) ? text[..^suffix.Length] : [];
    }
}
