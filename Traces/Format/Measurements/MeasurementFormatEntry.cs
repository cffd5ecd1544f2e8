using System.Collections.Immutable;

namespace PimSim.Traces.Format.Measurements;

/// <summary>How files of one format are told from others and read.</summary>
/// <param name="Format">Whose file it is.</param>
/// <param name="Name">As written on a command line.</param>
/// <param name="Columns">Columns that only such a file has all of; empty where another sign tells the format.</param>
/// <param name="Rows">Reads measured operators one by one; null where there are none.</param>
internal sealed record MeasurementFormatEntry(MeasurementFormat Format, string Name, ImmutableArray<string> Columns, Func<MeasurementSource, IEnumerable<Measurement>>? Rows)
{
    /// <summary>The file names its model only: sizes must come from <see cref="MeasurementOptions.Shapes"/>.</summary>
    public bool NeedsSizes { get; init; }

    /// <summary>Reads runs of whole models one by one; null where there are none.</summary>
    public Func<MeasurementSource, IEnumerable<EndToEndMeasurement>>? Runs { get; init; }
}
