using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>
/// Trace files, by extension: <c>.parquet</c>, or <c>.jsonl</c> and <c>.jsonl.gz</c> for small ones. Equal traces are equal bytes.
/// docs/traces.md documents the layout.
/// </summary>
public static class TraceFile
{
    /// <summary>The extensions in one text, for those who only want to name them: a constant loads no format.</summary>
    public const string ExtensionNames = $"{Parquet}, {JsonLines}, {PackedJsonLines}";

    private const string Parquet = ".parquet";
    private const string JsonLines = ".jsonl";
    private const string PackedJsonLines = ".jsonl.gz";

    private static readonly (string Extension, ITraceFormat Format)[] Formats =
    [
        (Parquet, new ParquetFormat()),
        (JsonLines, new JsonLinesFormat(compressed: false)),
        (PackedJsonLines, new JsonLinesFormat(compressed: true)),
    ];

    /// <summary>The extensions of trace files.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [.. Formats.Select(format => format.Extension)];

    /// <summary>Writes a trace, step by step as it is made. Whole file or none.</summary>
    /// <param name="path">Its extension decides the format.</param>
    /// <param name="header">About the trace.</param>
    /// <param name="steps">Consumed one by one and not kept.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    /// <exception cref="PimSimUserException">The extension is none of these, or the file can't be written.</exception>
    /// <exception cref="ArgumentException">The header or a step breaks the rules of traces (sizes, counts, numbering).</exception>
    public static void Write(string path, TraceHeader header, IEnumerable<Step> steps, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(steps);
        ITraceFormat format = FormatOf(path);
        if (TraceHeaderJson.Fault(header) is { } fault)
        {
            throw new ArgumentException(fault, nameof(header));
        }

        AtomicFile.Write(path, stream => format.Write(stream, header, Cancellable(steps, cancellation)));
    }

    /// <summary>Opens a trace and reads its header; steps are read when they are asked for.</summary>
    /// <exception cref="PimSimUserException">No such file, or not a trace of this version.</exception>
    public static TraceFileSource Open(string path) => new(path, FormatOf(path));

    /// <summary>Makes sure that a path names a trace file.</summary>
    /// <exception cref="PimSimUserException">Its extension is none of <see cref="Extensions"/>.</exception>
    public static void RequireExtension(string path) => FormatOf(path);

    private static ITraceFormat FormatOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        foreach ((string extension, ITraceFormat format) in Formats)
        {
            if (path.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
            {
                return format;
            }
        }

        throw new PimSimUserException($"{path}: not the name of a trace file; those end with {string.Join(", ", Extensions)}");
    }

    private static IEnumerable<Step> Cancellable(IEnumerable<Step> steps, CancellationToken cancellation)
    {
        foreach (Step step in steps)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return step;
        }
    }
}
