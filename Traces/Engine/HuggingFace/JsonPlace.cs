using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>
/// One place in a JSON file, read strictly. Every fault goes to a <see cref="ProblemList"/> with its line, and reading goes on with a
/// harmless value, so that all faults are found in one pass. A key whose value is null counts as one that is not there.
/// </summary>
internal sealed class JsonPlace
{
    // Not kept for objects: each level would hold another copy of all below it.
    private readonly JsonElement _value;
    private readonly Dictionary<string, JsonPlace> _members = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    private JsonPlace(string file, string path, int line, int column, bool isObject, JsonElement value, ProblemList problems) =>
        (File, Path, Line, Column, IsObject, _value, Problems) = (file, path, line, column, isObject, value, problems);

    /// <summary>The file as the user named it.</summary>
    public string File { get; }

    /// <summary>Keys from the top, joined by dots.</summary>
    public string Path { get; }

    /// <summary>One-based line of the key, 0 if it is not there.</summary>
    public int Line { get; }

    /// <summary>One-based column of the key, 0 if it is not there.</summary>
    public int Column { get; }

    /// <summary>Where faults go.</summary>
    public ProblemList Problems { get; }

    /// <summary>False for null and for a key that is not there.</summary>
    public bool Exists => IsObject || _value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>True for an object.</summary>
    public bool IsObject { get; }

    /// <summary>True for a list.</summary>
    public bool IsList => _value.ValueKind == JsonValueKind.Array;

    /// <summary>The items of a list; none for anything else.</summary>
    public IEnumerable<JsonElement> Items => IsList ? _value.EnumerateArray() : [];

    /// <summary>The members of an object in file order; all of them count as asked for.</summary>
    public IReadOnlyCollection<KeyValuePair<string, JsonPlace>> Members
    {
        get
        {
            _asked.UnionWith(_members.Keys);
            return _members;
        }
    }

    /// <summary>Reads a file that holds one object.</summary>
    /// <exception cref="PimSimUserException">The file can't be read, is longer than allowed, or does not hold one JSON object.</exception>
    public static JsonPlace Load(string path, long maxBytes, ProblemList problems)
    {
        try
        {
            long length = new FileInfo(path).Length;
            return length <= maxBytes
                ? Parse(path, System.IO.File.ReadAllBytes(path), problems)
                : throw new PimSimUserException($"{path}: {length} bytes are too many: at most {maxBytes} are read");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Reads an object from memory; <paramref name="file"/> is the name shown in messages.</summary>
    /// <exception cref="PimSimUserException">Not one JSON object.</exception>
    public static JsonPlace Parse(string file, ReadOnlySpan<byte> json, ProblemList problems)
    {
        if (json.StartsWith(Encoding.UTF8.Preamble))
        {
            json = json[Encoding.UTF8.Preamble.Length..];
        }

        Scanner scanner = new(file, json, problems);
        try
        {
            CheckTexts(file, json);
            return scanner.ReadFile();
        }
        catch (JsonException fault)
        {
            throw new PimSimUserException($"{file}:{fault.LineNumber + 1}:{fault.BytePositionInLine + 1}: not valid JSON: {fault.Message}", fault);
        }
    }

    /// <summary>Records a fault at this place.</summary>
    public void Report(string message) =>
        Problems.Add(new Problem(File, Line, Column, Path.Length > 0 ? $"{Path}: {message}" : message));

    /// <summary>The value of a key that must be there and not null; a missing one is reported at this object.</summary>
    public JsonPlace Required(string key)
    {
        JsonPlace member = Optional(key);
        if (!member.Exists && Exists)
        {
            Report($"'{key}' is missing");
        }

        return member;
    }

    /// <summary>The value of a key, or a place that does not exist.</summary>
    public JsonPlace Optional(string key)
    {
        _asked.Add(key);
        return _members.TryGetValue(key, out JsonPlace? member)
            ? member
            : new JsonPlace(File, Path.Length == 0 ? key : $"{Path}.{key}", 0, 0, false, default, Problems);
    }

    /// <summary>The members that nobody asked for.</summary>
    public IEnumerable<KeyValuePair<string, JsonPlace>> Unasked() => _members.Where(member => !_asked.Contains(member.Key));

    /// <summary>A whole number within bounds.</summary>
    public int Integer(int minimum, int maximum, int fallback)
    {
        if (!Exists)
        {
            return fallback;
        }

        if (_value.ValueKind != JsonValueKind.Number || !_value.TryGetInt64(out long number))
        {
            Report($"{Shown} is not a whole number");
            return fallback;
        }

        if (number < minimum || number > maximum)
        {
            Report($"{number} is out of range: {minimum} to {maximum} is allowed");
            return fallback;
        }

        return (int)number;
    }

    /// <summary>A number above 0.</summary>
    public double Positive(double fallback)
    {
        if (!Exists)
        {
            return fallback;
        }

        if (_value.ValueKind == JsonValueKind.Number && _value.TryGetDouble(out double number) && double.IsFinite(number) && number > 0)
        {
            return number;
        }

        Report($"{Shown} is not a number above 0");
        return fallback;
    }

    /// <summary>True or false.</summary>
    public bool Flag(bool fallback)
    {
        if (!Exists || _value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return Exists ? _value.GetBoolean() : fallback;
        }

        Report($"{Shown} is neither true nor false");
        return fallback;
    }

    /// <summary>A text.</summary>
    public string Text(string fallback)
    {
        if (!Exists || _value.ValueKind == JsonValueKind.String)
        {
            return Exists ? _value.GetString()! : fallback;
        }

        Report($"{Shown} is not a text");
        return fallback;
    }

    /// <summary>The value as the file has it, cut if it is long.</summary>
    public string Shown
    {
        get
        {
            string raw = IsObject ? "{...}" : _value.ValueKind == JsonValueKind.String ? $"\"{_value.GetString()}\"" : Exists ? _value.GetRawText() : "null";
            raw = string.Join(' ', raw.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return raw.Length <= 60 ? raw : $"{raw[..57]}...";
        }
    }

    /// <summary>Refuses texts that are not Unicode, which the library finds only when a text is asked for.</summary>
    private static void CheckTexts(string file, ReadOnlySpan<byte> json)
    {
        int bad = Utf8.IsValid(json) ? -1 : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json)).AsSpan().CommonPrefixLength(json);
        Utf8JsonReader reader = new(json);
        while (bad < 0 && reader.Read())
        {
            try
            {
                _ = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped ? reader.GetString() : null;
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair, as an escape.
                bad = (int)reader.TokenStartIndex;
            }
        }

        if (bad >= 0)
        {
            ReadOnlySpan<byte> before = json[..bad];
            throw new PimSimUserException($"{file}:{before.Count((byte)'\n') + 1}:{bad - before.LastIndexOf((byte)'\n')}: this text is not Unicode");
        }
    }

    /// <summary>Walks through the text once, counting lines.</summary>
    private ref struct Scanner(string file, ReadOnlySpan<byte> json, ProblemList problems)
    {
        private readonly ReadOnlySpan<byte> _json = json;
        private Utf8JsonReader _reader = new(json);
        private int _counted;
        private int _line = 1;
        private int _lineStart;

        public JsonPlace ReadFile()
        {
            _reader.Read();
            if (_reader.TokenType != JsonTokenType.StartObject)
            {
                throw new PimSimUserException($"{file}:1:1: an object is needed: {{ \"key\": value, ... }}");
            }

            JsonPlace root = ReadValue("", 1, 1);
            _reader.Read();
            return root;
        }

        private JsonPlace ReadValue(string path, int line, int column)
        {
            if (_reader.TokenType != JsonTokenType.StartObject)
            {
                return new JsonPlace(file, path, line, column, false, JsonElement.ParseValue(ref _reader), problems);
            }

            JsonPlace place = new(file, path, line, column, true, default, problems);
            while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
            {
                string key = _reader.GetString()!;
                Count((int)_reader.TokenStartIndex);
                (int memberLine, int memberColumn) = (_line, _counted - _lineStart + 1);
                _reader.Read();
                JsonPlace member = ReadValue(path.Length == 0 ? key : $"{path}.{key}", memberLine, memberColumn);
                if (!place._members.TryAdd(key, member))
                {
                    throw new PimSimUserException($"{file}:{memberLine}:{memberColumn}: the key '{key}' stands twice");
                }
            }

            return place;
        }

        private void Count(int position)
        {
            for (; _counted < position; _counted++)
            {
                if (_json[_counted] == (byte)'\n')
                {
                    _line++;
                    _lineStart = _counted + 1;
                }
            }
        }
    }
}
