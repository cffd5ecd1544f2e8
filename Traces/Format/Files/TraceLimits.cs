namespace PimSim.Traces.Format.Files;

/// <summary>
/// The most that a trace may hold in one piece: far above any real trace, and low enough that a hostile file neither fills the memory nor
/// overflows a count. The number of steps is not limited, since steps are read one by one.
/// </summary>
internal static class TraceLimits
{
    /// <summary>Operators executed in a step, repeats counted.</summary>
    public const int OperatorsPerStep = 1 << 24;

    /// <summary>Decisions in a step, and values in one of them.</summary>
    public const int DecisionsPerStep = 1 << 20;

    /// <summary>Characters of a label or a name.</summary>
    public const int TextLength = 4096;

    /// <summary>Matrices of a footprint.</summary>
    public const int Matrices = 4096;

    /// <summary>FLOPs or bytes of one operator, parameters or cache bytes of a model: sums of a few stay within 64 bits.</summary>
    public const double Work = 1L << 58;

    /// <summary>Nanoseconds of one operator: 28 hours.</summary>
    public const long Nanoseconds = 100_000_000_000_000;

    /// <summary>Bytes of a line of a JSON Lines file, uncompressed.</summary>
    public const int LineBytes = 1 << 28;

    /// <summary>Rows of a row group of a Parquet file.</summary>
    public const int RowsPerGroup = 1 << 20;

    /// <summary>Values of a list column in a row group.</summary>
    public const int ValuesPerGroup = 1 << 25;

    /// <summary>Bytes of a column of a row group, uncompressed.</summary>
    public const long ColumnBytes = 1L << 29;
}
