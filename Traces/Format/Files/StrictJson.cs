using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Files;

/// <summary>An object of a JSON document of which every key is known: what is missing, extra or out of range is one clear error.</summary>
/// <param name="element">The object.</param>
/// <param name="place">File and line, for messages.</param>
internal sealed class StrictJson(JsonElement element, string place)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>How documents are written: no more escapes than JSON needs, for eyes.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Documents are read so that no key can stand twice.</summary>
    public static JsonDocumentOptions Options { get; } = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Reads one document that is an object.</summary>
    /// <exception cref="PimSimUserException">Not JSON, or not an object.</exception>
    public static StrictJson Parse(ReadOnlyMemory<byte> text, string place)
    {
        if (!Utf8.IsValid(text.Span))
        {
            throw new PimSimUserException($"{place}: not valid UTF-8");
        }

        try
        {
            using var document = JsonDocument.Parse(text, Options);
            return new StrictJson(document.RootElement.Clone(), place).AsObject("the line");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new PimSimUserException($"{place}: not valid JSON: {fault.Message}", fault);
        }
    }

    public bool Has(string key)
    {
        _known.Add(key);
        return element.TryGetProperty(key, out _);
    }

    public long Integer(string key, long least, long most, long? whenMissing = null)
    {
        _known.Add(key);
        if (!element.TryGetProperty(key, out JsonElement value))
        {
            return whenMissing ?? throw Missing(key);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most
            ? number
            : throw Fault($"'{key}' is {Shown(value)}; a whole number from {least} to {most} is needed");
    }

    public int Size(string key) => (int)Integer(key, 0, int.MaxValue, 0);

    public bool Flag(string key)
    {
        _known.Add(key);
        return element.TryGetProperty(key, out JsonElement value) && (value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Fault($"'{key}' is {Shown(value)}; true or false is needed"));
    }

    public string Text(string key) => OptionalText(key) ?? throw Missing(key);

    public string? OptionalText(string key)
    {
        _known.Add(key);
        if (!element.TryGetProperty(key, out JsonElement value))
        {
            return null;
        }

        string text = value.ValueKind == JsonValueKind.String ? Decoded(value.GetString)! : throw Fault($"'{key}' is {Shown(value)}; a text is needed");
        return TraceRules.Text(text) is { } fault ? throw Fault($"'{key}': {fault}") : text;
    }

    public T Word<T>(string key, T? whenMissing = null)
        where T : struct, Enum
    {
        string? word = OptionalText(key);
        if (word is null)
        {
            return whenMissing ?? throw Missing(key);
        }

        return EnumWords<T>.TryParse(word, out T value) ? value : throw Fault($"'{key}' is '{word}'; {NearestWord.Suggest(word, EnumWords<T>.All)}");
    }

    public StrictJson Object(string key)
    {
        _known.Add(key);
        return element.TryGetProperty(key, out JsonElement value) ? new StrictJson(value, place).AsObject($"'{key}'") : throw Missing(key);
    }

    public IEnumerable<StrictJson> Objects(string key)
    {
        foreach (JsonElement item in Array(key).EnumerateArray())
        {
            yield return new StrictJson(item, place).AsObject($"an entry of '{key}'");
        }
    }

    public long[] Integers(string key)
    {
        JsonElement array = Array(key);
        long[] numbers = new long[array.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[index++]))
            {
                throw Fault($"an entry of '{key}' is {Shown(item)}; a whole number is needed");
            }
        }

        return numbers;
    }

    /// <summary>Call when every key has been asked for.</summary>
    public void RejectUnknownKeys()
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name = Decoded(() => property.Name)!;
            if (!_known.Contains(name))
            {
                throw Fault($"unknown key '{Shorten(name)}'; {NearestWord.Suggest(Shorten(name), _known)}");
            }
        }
    }

    public PimSimUserException Fault(string message) => new($"{place}: {message}");

    /// <summary>An escape such as \ud800 is JSON, but no text.</summary>
    private string? Decoded(Func<string?> text)
    {
        try
        {
            return text();
        }
        catch (InvalidOperationException fault)
        {
            throw new PimSimUserException($"{place}: a text that is not valid Unicode", fault);
        }
    }

    private PimSimUserException Missing(string key) => Fault($"'{key}' is missing");

    private StrictJson AsObject(string what) => element.ValueKind == JsonValueKind.Object ? this : throw Fault($"{what} is {Shown(element)}; an object is needed");

    private JsonElement Array(string key)
    {
        _known.Add(key);
        if (!element.TryGetProperty(key, out JsonElement value))
        {
            throw Missing(key);
        }

        return value.ValueKind == JsonValueKind.Array ? value : throw Fault($"'{key}' is {Shown(value)}; a list is needed");
    }

    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => Shorten(value.GetRawText()),
    };

    private static string Shorten(string text) => text.Length <= 60 ? text : $"{text[..60]}...";
}
