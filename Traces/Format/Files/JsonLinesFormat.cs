using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Text.Json;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>
/// JSON Lines: a header, a line for each step, and a last line with their number, by which a cut file is known. For small traces, and for
/// eyes.
/// </summary>
/// <param name="compressed">Inside gzip.</param>
internal sealed class JsonLinesFormat(bool compressed) : ITraceFormat
{
    private const string CountKey = "steps";

    public void Write(Stream stream, TraceHeader header, IEnumerable<Step> steps)
    {
        if (compressed)
        {
            using GZipStream gzip = new(stream, CompressionLevel.Optimal, leaveOpen: true);
            WriteLines(gzip, header, steps);
        }
        else
        {
            WriteLines(stream, header, steps);
        }
    }

    public TraceHeader ReadHeader(Stream stream, string file)
    {
        using Stream text = Open(stream);
        return ReadHeader(new BoundedLines(text, file, TraceLimits.LineBytes));
    }

    public IEnumerable<Step> ReadSteps(Stream stream, string file)
    {
        using Stream text = Open(stream);
        BoundedLines lines = new(text, file, TraceLimits.LineBytes);
        ReadHeader(lines);
        for (int index = 0; ; index++)
        {
            StrictJson json = NextLine(lines) ?? throw new PimSimUserException($"{lines.Place}: the file ends after {index} steps without the last line, which counts them: it was cut");
            if (json.Has(CountKey))
            {
                ReadEnd(json, index, lines);
                yield break;
            }

            var step = StepJson.Read(json);
            if (TraceRules.Fault(step, index) is { } fault)
            {
                throw json.Fault(fault);
            }

            yield return step;
        }
    }

    private static void WriteLines(Stream stream, TraceHeader header, IEnumerable<Step> steps)
    {
        stream.Write(TraceHeaderJson.Write(header).Span);
        stream.WriteByte((byte)'\n');

        ArrayBufferWriter<byte> line = new();
        using Utf8JsonWriter json = new(line, StrictJson.WriterOptions);
        int count = 0;
        foreach (Step step in steps)
        {
            if (TraceRules.Fault(step, count) is { } fault)
            {
                throw new ArgumentException(fault, nameof(steps));
            }

            count++;
            StepJson.Write(json, step);
            EndLine(stream, line, json);
        }

        json.WriteStartObject();
        json.WriteNumber(CountKey, count);
        json.WriteEndObject();
        EndLine(stream, line, json);
    }

    private static void EndLine(Stream stream, ArrayBufferWriter<byte> line, Utf8JsonWriter json)
    {
        json.Flush();
        stream.Write(line.WrittenSpan);
        stream.WriteByte((byte)'\n');
        line.ResetWrittenCount();
        json.Reset();
    }

    private static TraceHeader ReadHeader(BoundedLines lines)
    {
        ReadOnlyMemory<byte> line = Unpacked(lines, () => lines.TryRead(out ReadOnlyMemory<byte> read) ? read : throw new PimSimUserException($"{lines.Place}: the file is empty"));
        return TraceHeaderJson.Read(line, lines.Place);
    }

    private static StrictJson? NextLine(BoundedLines lines) =>
        Unpacked(lines, () => lines.TryRead(out ReadOnlyMemory<byte> line) ? StrictJson.Parse(line, lines.Place) : null);

    private static void ReadEnd(StrictJson json, int steps, BoundedLines lines)
    {
        long counted = json.Integer(CountKey, 0, int.MaxValue);
        json.RejectUnknownKeys();
        if (counted != steps)
        {
            throw json.Fault($"the file has {steps} steps and counts {counted}");
        }

        if (NextLine(lines) is { } more)
        {
            throw more.Fault("something follows the last line, which counts the steps");
        }
    }

    private static T Unpacked<T>(BoundedLines lines, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException fault)
        {
            throw new PimSimUserException($"{lines.Place}: not valid gzip after this line: {fault.Message}", fault);
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes what is returned.")]
    private Stream Open(Stream stream) => compressed ? new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true) : stream;
}
