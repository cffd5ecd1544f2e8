namespace PimSim.Traces.Format.Importers;

/// <summary>What an importer refuses to take in, so that a hostile or damaged file cannot fill the memory or the day.</summary>
public sealed record ImportLimits
{
    /// <summary>The limits that hold where nobody sets others.</summary>
    public static readonly ImportLimits Default = new();

    /// <summary>
    /// Bytes that a gzip file may expand to. The largest traces that profilers write are a few GB; reading streams, so this
    /// bounds time, not memory.
    /// </summary>
    public long MaximumExpandedBytes { get; init; } = 16L << 30;

    /// <summary>
    /// Expanded bytes per compressed byte. Deflate ends at 1032; JSON traces of real profilers lie between 7 and 15
    /// (docs/importers.md), so 200 is far from both.
    /// </summary>
    public int MaximumExpansion { get; init; } = 200;

    /// <summary>Expanded bytes below which the expansion is not looked at: small files of one repeated event are harmless.</summary>
    public long ExpansionFloorBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Bytes of one line, one CSV row or one JSON value: what must be in memory at once. A kernel name reaches some
    /// kilobytes, a request with 10,000 block hashes some tens, the texts of a benchmark result some megabytes.
    /// </summary>
    public int MaximumRecordBytes { get; init; } = 64 << 20;
}
