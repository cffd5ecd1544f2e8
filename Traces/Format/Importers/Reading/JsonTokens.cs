using System.Text.Json;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>
/// The tokens of a JSON text that is never in memory as a whole: a stream is read through one buffer, which grows only
/// for a single value that does not fit. Also reads one line of JSON Lines. Faults name the byte, or the line.
/// </summary>
internal ref struct JsonTokens
{
    private const int InitialBufferBytes = 1 << 16;

    private readonly ImportStream? _stream;
    private readonly string _path;
    private readonly long _line;
    private byte[] _buffer;
    private int _end;
    private bool _final;
    private long _bufferOffset;
    private Utf8JsonReader _reader;

    /// <summary>Reads a whole file.</summary>
    public JsonTokens(ImportStream stream)
    {
        _stream = stream;
        _path = stream.Path;
        _buffer = new byte[InitialBufferBytes];
        _bufferOffset = stream.Offset;
        _reader = new Utf8JsonReader(ReadOnlySpan<byte>.Empty, isFinalBlock: false, default);
    }

    /// <summary>Reads the current line of a file.</summary>
    public JsonTokens(LineReader lines)
    {
        _path = lines.Path;
        _line = lines.Line;
        _buffer = lines.Content.Bytes;
        _end = lines.Content.Length;
        _final = true;
        _reader = new Utf8JsonReader(_buffer.AsSpan(0, _end), isFinalBlock: true, default);
    }

    /// <summary>Kind of the current token.</summary>
    public readonly JsonTokenType Type => _reader.TokenType;

    /// <summary>Nesting of the current token.</summary>
    public readonly int Depth => _reader.CurrentDepth;

    /// <summary>The current token's raw bytes, strings without quotes and with their escapes; valid until the next token.</summary>
    public readonly ReadOnlySpan<byte> Raw => _reader.ValueSpan;

    /// <summary>Where the current token starts in the file.</summary>
    public readonly long Offset => _bufferOffset + _reader.TokenStartIndex;

    /// <summary>Whether the current string or property name is this one.</summary>
    public readonly bool Is(ReadOnlySpan<byte> text) => _reader.ValueTextEquals(text);

    /// <summary>Whether the current string or property name is this one.</summary>
    public readonly bool Is(string text) => _reader.ValueTextEquals(text);

    /// <summary>Goes to the next token; false at the end.</summary>
    public bool Read()
    {
        try
        {
            while (!_reader.Read())
            {
                if (_final)
                {
                    return false;
                }

                Refill();
            }

            return true;
        }
        catch (JsonException fault)
        {
            throw Fault(_bufferOffset + _reader.BytesConsumed, $"not valid JSON: {Reason(fault)}");
        }
    }

    /// <summary>Goes to the next token, which must exist.</summary>
    public JsonTokenType Next() => Read() ? Type : throw Fault("the file ends too early");

    /// <summary>Passes over the value whose first token is the current one.</summary>
    public void Skip()
    {
        if (Type is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            int depth = Depth;
            do
            {
                Next();
            }
            while (Depth > depth);
        }
    }

    /// <summary>Goes from a property name to its value and passes over it.</summary>
    public void SkipProperty()
    {
        Next();
        Skip();
    }

    /// <summary>Writes the current string or property name without escapes to <paramref name="target"/>; its length.</summary>
    public int CopyText(ref char[] target)
    {
        if (target.Length < Raw.Length)
        {
            target = new char[2 * Raw.Length];
        }

        try
        {
            return _reader.CopyString(target);
        }
        catch (InvalidOperationException)
        {
            throw Fault("a string that is not valid UTF-8, or half of a surrogate pair");
        }
    }

    /// <summary>The current string, or null for a JSON null.</summary>
    public string? Text(string name)
    {
        if (Type is not (JsonTokenType.String or JsonTokenType.Null))
        {
            throw Fault($"'{name}' must be a string, not {ImportError.Show(Raw)}");
        }

        try
        {
            return _reader.GetString();
        }
        catch (InvalidOperationException)
        {
            throw Fault($"'{name}' is not valid UTF-8, or holds half of a surrogate pair");
        }
    }

    /// <summary>The current number times 10^<paramref name="scale"/>, rounded, not negative.</summary>
    public long Scaled(int scale, string name) =>
        Type == JsonTokenType.Number && DecimalNumber.TryScale(Raw, scale, out long value, out _) && value >= 0
            ? value
            : throw Fault($"'{name}' must be a number, 0 or more and below {long.MaxValue} when scaled by 10^{scale}, not {ImportError.Show(Raw)}");

    /// <summary>The current number, which must be whole and within bounds.</summary>
    public long Integer(string name, long minimum, long maximum) =>
        Type == JsonTokenType.Number && DecimalNumber.TryScale(Raw, 0, out long value, out bool exact) && exact && value >= minimum && value <= maximum
            ? value
            : throw Fault($"'{name}' must be a whole number from {minimum} to {maximum}, not {ImportError.Show(Raw)}");

    /// <summary>An error at the current token.</summary>
    public readonly PimSimUserException Fault(string message) => Fault(Offset, message);

    /// <summary>An error at a place in the file.</summary>
    public readonly PimSimUserException Fault(long offset, string message) =>
        _line > 0 ? ImportError.At(_path, _line, message) : ImportError.AtByte(_path, offset, message);

    /// <summary>The parser's message without its own idea of where it is, which knows nothing of the file.</summary>
    private static string Reason(JsonException fault)
    {
        int place = fault.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return ImportError.Printable(place < 0 ? fault.Message : fault.Message[..place]);
    }

    private void Refill()
    {
        int used = (int)_reader.BytesConsumed;
        int kept = _end - used;
        if (used == 0 && kept == _buffer.Length)
        {
            Grow();
        }
        else
        {
            _buffer.AsSpan(used, kept).CopyTo(_buffer);
        }

        _bufferOffset += used;
        int read = _stream!.Read(_buffer.AsSpan(kept));
        _end = kept + read;
        _final = read == 0;
        _reader = new Utf8JsonReader(_buffer.AsSpan(0, _end), _final, _reader.CurrentState);
    }

    private void Grow()
    {
        int limit = _stream!.Limits.MaximumRecordBytes;
        if (_buffer.Length >= limit)
        {
            throw ImportError.AtByte(_path, _bufferOffset, $"one value is longer than {limit} bytes");
        }

        byte[] larger = new byte[(int)Math.Min(limit, 2L * _buffer.Length)];
        _buffer.CopyTo(larger, 0);
        _buffer = larger;
    }
}
