using System.Text.Json;
using System.Text.Json.Serialization;

namespace PimSim.Traces.Format.Requests;

/// <summary>
/// Requests as JSON Lines, one object a line, in one form whatever tool they came from: the fields of <see cref="Request"/> or of
/// <see cref="MeasuredRequest"/> in camel case, those that a request lacks left out or empty.
/// </summary>
public static class RequestJsonLines
{
    /// <summary>How the name of such a file ends.</summary>
    public const string Extension = ".jsonl";

    private const int FlushBytes = 1 << 16;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Writes requests while they are consumed. Returns how many.</summary>
    public static long Write(Stream stream, IEnumerable<Request> requests) => WriteLines(stream, requests);

    /// <summary>Writes requests that a real serving system has served. Returns how many.</summary>
    public static long Write(Stream stream, IEnumerable<MeasuredRequest> requests) => WriteLines(stream, requests);

    private static long WriteLines<T>(Stream stream, IEnumerable<T> requests)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(requests);
        long count = 0;
        using BufferedStream buffered = new(stream, FlushBytes);
        foreach (T request in requests)
        {
            JsonSerializer.Serialize(buffered, request, Options);
            buffered.WriteByte((byte)'\n');
            count++;
        }

        return count;
    }
}
