using System.Collections.Immutable;

namespace PimSim.Traces.Format.Measurements;

/// <summary>How files of one format are told from others and read.</summary>
/// <param name="Format">Whose file it is.</param>
/// <param name="Name">As written on a command line.</param>
/// <param name="Columns">Columns that only such a file has all of.</param>
/// <param name="Rows">Reads the rows of a file one by one.</param>
internal sealed record MeasurementFormatEntry(MeasurementFormat Format, string Name, ImmutableArray<string> Columns, Func<MeasurementSource, IEnumerable<Measurement>> Rows);
