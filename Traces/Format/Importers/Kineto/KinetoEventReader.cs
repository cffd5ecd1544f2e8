using System.Text.Json;
using PimSim.Traces.Format.Importers.Reading;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>Fills a <see cref="KinetoEvent"/> from the tokens of one element of <c>traceEvents</c>.</summary>
internal sealed class KinetoEventReader
{
    // 146 years: later than any clock of a profiler, and two of them still add up.
    private const long MaximumNanoseconds = long.MaxValue / 2;

    private readonly NamePool _identities = new();
    private char[] _text = new char[64];
    private long _finest = 1000;

    /// <summary>Step of the file's times: 1,000 ns if all were whole microseconds.</summary>
    public long ResolutionNanoseconds => _finest;

    /// <summary>Reads the event whose opening brace is the current token.</summary>
    public void Read(ref JsonTokens json, KinetoEvent into)
    {
        into.Clear(json.Offset);
        while (json.Next() == JsonTokenType.PropertyName)
        {
            if (json.Is("ph"u8))
            {
                json.Next();
                into.Complete = json.Type == JsonTokenType.String && json.Is("X"u8);
                json.Skip();
            }
            else if (json.Is("cat"u8))
            {
                json.Next();
                into.Category = json.Type == JsonTokenType.String ? Category(ref json) : KinetoCategory.Other;
                json.Skip();
            }
            else if (json.Is("name"u8))
            {
                ReadName(ref json, into);
            }
            else if (json.Is("pid"u8))
            {
                into.Process = Identity(ref json);
            }
            else if (json.Is("tid"u8))
            {
                into.Thread = Identity(ref json);
            }
            else if (json.Is("ts"u8))
            {
                into.StartNanoseconds = Microseconds(ref json, "ts", -MaximumNanoseconds);
            }
            else if (json.Is("dur"u8))
            {
                into.DurationNanoseconds = Microseconds(ref json, "dur", 0);
            }
            else if (json.Is("args"u8) && json.Next() == JsonTokenType.StartObject)
            {
                ReadArguments(ref json, into);
            }
            else
            {
                SkipRest(ref json);
            }
        }
    }

    private static KinetoCategory Category(ref JsonTokens json) =>
        json.Is("kernel"u8) || json.Is("gpu_memcpy"u8) || json.Is("gpu_memset"u8) ? KinetoCategory.GpuActivity
        : json.Is("cpu_op"u8) ? KinetoCategory.HostOperator
        : json.Is("cuda_runtime"u8) || json.Is("cuda_driver"u8) || json.Is("hip_runtime"u8) ? KinetoCategory.Launch
        : json.Is("user_annotation"u8) ? KinetoCategory.Annotation
        : KinetoCategory.Other;

    private static void ReadName(ref JsonTokens json, KinetoEvent into)
    {
        if (json.Next() == JsonTokenType.String)
        {
            into.NameLength = json.CopyText(ref into.NameBuffer);
        }
        else
        {
            json.Skip();
        }
    }

    /// <summary>Passes over a property of which the name, or already the value, is the current token.</summary>
    private static void SkipRest(ref JsonTokens json)
    {
        if (json.Type == JsonTokenType.PropertyName)
        {
            json.Next();
        }

        json.Skip();
    }

    private static void ReadArguments(ref JsonTokens json, KinetoEvent into)
    {
        while (json.Next() == JsonTokenType.PropertyName)
        {
            if (json.Is("correlation"u8))
            {
                into.Correlation = Number(ref json);
            }
            else if (json.Is("External id"u8))
            {
                into.ExternalId = Number(ref json);
            }
            else if (json.Is("device"u8))
            {
                into.Device = Number(ref json);
            }
            else if (json.Is("stream"u8))
            {
                into.Stream = Number(ref json);
            }
            else if (json.Is("Input Dims"u8))
            {
                ArgumentListReader.ReadSizes(ref json, into.Arguments);
            }
            else if (json.Is("Input type"u8))
            {
                ArgumentListReader.ReadTypes(ref json, into.Arguments);
            }
            else if (json.Is("Concrete Inputs"u8))
            {
                ArgumentListReader.ReadValues(ref json, into.Arguments);
            }
            else
            {
                json.SkipProperty();
            }
        }
    }

    /// <summary>A whole number; what is none (HIP names its streams "0x0") counts as not stated.</summary>
    private static long Number(ref JsonTokens json)
    {
        json.Next();
        bool whole = json.Type == JsonTokenType.Number & DecimalNumber.TryScale(json.Raw, 0, out long value, out bool exact) && exact;
        json.Skip();
        return whole ? value : KinetoEvent.Absent;
    }

    private int Identity(ref JsonTokens json)
    {
        json.Next();
        int result = -1;
        if (json.Type == JsonTokenType.String)
        {
            int length = json.CopyText(ref _text);
            result = _identities.Number(_text.AsSpan(0, length));
        }
        else if (json.Type == JsonTokenType.Number)
        {
            ReadOnlySpan<byte> raw = json.Raw;
            Span<char> digits = stackalloc char[32];
            int length = System.Text.Encoding.ASCII.GetChars(raw[..Math.Min(raw.Length, digits.Length)], digits);
            result = _identities.Number(digits[..length]);
        }

        json.Skip();
        return result;
    }

    private long Microseconds(ref JsonTokens json, string name, long minimum)
    {
        json.Next();
        if (json.Type is not JsonTokenType.Number
            || !DecimalNumber.TryScale(json.Raw, 3, out long value, out _)
            || value < minimum
            || value > MaximumNanoseconds)
        {
            throw json.Fault($"'{name}' must be a number of microseconds{(minimum == 0 ? ", 0 or more" : "")} below {MaximumNanoseconds / 1000}, not {ImportError.Show(json.Raw)}");
        }

        _finest = value % 1000 == 0 ? _finest : 1;
        return value;
    }
}
