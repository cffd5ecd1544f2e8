using System.Globalization;
using Parquet;
using Parquet.Meta;
using Parquet.Schema;
using PimSim.Traces.Format.Documents;
using Encoding = System.Text.Encoding;
using Step = PimSim.Traces.Format.Operators.Step;

namespace PimSim.Traces.Format.Files;

/// <summary>
/// Parquet: the rows of <see cref="TraceRows"/>, with the header and the number of steps as metadata of the file. One row group is in memory
/// at a time.
/// </summary>
internal sealed class ParquetFormat : ITraceFormat
{
    public const string HeaderKey = "pimsim.trace.header";
    public const string StepsKey = "pimsim.trace.steps";

    private const int RowsPerGroup = 1 << 16;
    private const int ValuesPerGroup = 1 << 20;

    public void Write(Stream stream, TraceHeader header, IEnumerable<Step> steps) => WriteAsync(stream, header, steps).GetAwaiter().GetResult();

    public TraceHeader ReadHeader(Stream stream, string file)
    {
        ParquetReader reader = Open(stream, file);
        try
        {
            return ReadHeader(reader, file);
        }
        finally
        {
            Library(file, () => reader.DisposeAsync().AsTask());
        }
    }

    public IEnumerable<Step> ReadSteps(Stream stream, string file)
    {
        ParquetReader reader = Open(stream, file);
        try
        {
            ReadHeader(reader, file);
            StepAssembler assembler = new();
            TraceRows rows = new();
            DataField[] columns = Columns(reader, rows, file);
            int groups = Library(file, () => Task.FromResult(reader.RowGroupCount));
            for (int index = 0; index < groups; index++)
            {
                int group = index;
                Fill(rows, stream, reader, columns, group, file);
                for (int row = 0; row < rows.Count; row++)
                {
                    if (assembler.Take(rows, row, () => $"{file}: row group {group}, row {row}") is { } step)
                    {
                        yield return step;
                    }
                }
            }

            if (assembler.Complete(() => $"{file}: last step") is { } last)
            {
                yield return last;
            }

            CheckCount(reader, assembler.Steps, file);
        }
        finally
        {
            Library(file, () => reader.DisposeAsync().AsTask());
        }
    }

    private static async Task WriteAsync(Stream stream, TraceHeader header, IEnumerable<Step> steps)
    {
        TraceRows rows = new();
        ParquetWriter writer = await ParquetWriter.CreateAsync(rows.Schema, stream, Options(rows)).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            int count = 0;
            foreach (Step step in steps)
            {
                if (TraceRules.Fault(step, count) is { } fault)
                {
                    throw new ArgumentException(fault, nameof(steps));
                }

                count++;
                StepRows.Add(rows, step, () => FlushIfFull(writer, rows));
            }

            Flush(writer, rows);
            writer.CustomMetadata = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [HeaderKey] = Encoding.UTF8.GetString(TraceHeaderJson.Write(header).Span),
                [StepsKey] = count.ToString(CultureInfo.InvariantCulture),
            };
        }
    }

    /// <summary>Dictionaries for words, differences for numbers: rows of one step are like those of the step before.</summary>
    private static ParquetOptions Options(TraceRows rows)
    {
        ParquetOptions options = new() { CompressionMethod = CompressionMethod.Zstd };
        foreach (DataField field in rows.Schema.DataFields)
        {
            if (field.ClrType == typeof(int) || field.ClrType == typeof(long))
            {
                options.ColumnEncodingHints[PathOf(field)] = EncodingHint.DeltaBinaryPacked;
            }
            else if (field.ClrType != typeof(bool))
            {
                options.ColumnEncodingHints[PathOf(field)] = EncodingHint.Dictionary;
            }
        }

        return options;
    }

    private static string PathOf(DataField field) => string.Join('/', field.Path.ToList());

    private static void FlushIfFull(ParquetWriter writer, TraceRows rows)
    {
        if (rows.Count >= RowsPerGroup || rows.MeasuredNanoseconds.Values + rows.DecisionValues.Values >= ValuesPerGroup)
        {
            Flush(writer, rows);
        }
    }

    private static void Flush(ParquetWriter writer, TraceRows rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        using (ParquetRowGroupWriter group = writer.CreateRowGroup())
        {
            for (int i = 0; i < rows.All.Count; i++)
            {
                rows.All[i].WriteAsync(group, rows.Schema.DataFields[i]).GetAwaiter().GetResult();
            }
        }

        rows.Clear();
    }

    private static ParquetReader Open(Stream stream, string file)
    {
        ParquetGuard.CheckFooter(stream, file);
        return Library(file, () => ParquetReader.CreateAsync(stream, leaveStreamOpen: true));
    }

    private static TraceHeader ReadHeader(ParquetReader reader, string file)
    {
        Dictionary<string, string> metadata = Library(file, () => Task.FromResult(reader.CustomMetadata));
        if (metadata.GetValueOrDefault(HeaderKey) is not { } header)
        {
            throw new PimSimUserException($"{file}: this is not a PimSim trace: it has no metadata '{HeaderKey}'");
        }

        return TraceHeaderJson.Read(Encoding.UTF8.GetBytes(header), $"{file}: {HeaderKey}");
    }

    private static void CheckCount(ParquetReader reader, int steps, string file)
    {
        string? counted = reader.CustomMetadata.GetValueOrDefault(StepsKey);
        if (counted != steps.ToString(CultureInfo.InvariantCulture))
        {
            throw new PimSimUserException($"{file}: the file has {steps} steps and counts {counted ?? "none"} ({StepsKey})");
        }
    }

    /// <summary>The columns of a trace as this file has them.</summary>
    private static DataField[] Columns(ParquetReader reader, TraceRows rows, string file)
    {
        IReadOnlyList<DataField> present = Library(file, () => Task.FromResult(reader.Schema.DataFields));
        return [.. rows.Schema.DataFields.Select(wanted => present.FirstOrDefault(field => field.Path.Equals(wanted.Path)
            && field.ClrType == wanted.ClrType
            && (field.MaxDefinitionLevel, field.MaxRepetitionLevel) == (wanted.MaxDefinitionLevel, wanted.MaxRepetitionLevel))
            ?? throw new PimSimUserException($"{file}: no column '{wanted.Path}' of the type that a trace of version {TraceHeader.FormatVersion} has"))];
    }

    private static void Fill(TraceRows rows, Stream stream, ParquetReader reader, DataField[] columns, int index, string file)
    {
        string place = $"{file}: row group {index}";
        using ParquetRowGroupReader group = Library(place, () => Task.FromResult(reader.OpenRowGroupReader(index)));
        if (group.RowCount is < 0 or > TraceLimits.RowsPerGroup)
        {
            throw new PimSimUserException($"{place}: {group.RowCount} rows; {TraceLimits.RowsPerGroup} is the most");
        }

        rows.Clear();
        for (int i = 0; i < columns.Length; i++)
        {
            int column = i;
            int values = CheckedValues(stream, group, columns[i], place);
            Library(place, () => rows.All[column].ReadAsync(group, columns[column], (int)group.RowCount, values));
        }

        rows.SetCount((int)group.RowCount);
    }

    /// <summary>How many values the metadata promise for a column, whose pages are checked before any of them is unpacked.</summary>
    private static int CheckedValues(Stream stream, ParquetRowGroupReader group, DataField field, string place)
    {
        string column = $"{place}, column '{field.Path}'";
        ColumnChunk? chunk = Library(column, () => Task.FromResult(group.GetMetadata(field)));
        long most = field.MaxRepetitionLevel > 0 ? TraceLimits.ValuesPerGroup : group.RowCount;
        if (chunk?.MetaData is not { } metadata || chunk.FilePath is not null || metadata.NumValues < group.RowCount || metadata.NumValues > most)
        {
            throw new PimSimUserException($"{column} is missing, elsewhere, or has another number of values than {group.RowCount} rows have");
        }

        ParquetGuard.CheckPages(stream, metadata, column);
        return (int)metadata.NumValues;
    }

    /// <summary>
    /// Calls the Parquet library. On a broken file it throws whatever its innards run into (index, cast, null, allocation), without promising
    /// which; all of that means that the file is broken.
    /// </summary>
    private static T Library<T>(string place, Func<Task<T>> call)
    {
        try
        {
            return call().GetAwaiter().GetResult();
        }
        catch (Exception fault) when (fault is not (PimSimUserException or OperationCanceledException))
        {
            throw new PimSimUserException($"{place}: not a valid Parquet file: {fault.Message}", fault);
        }
    }

    private static void Library(string place, Func<Task> call) => Library(place, async () =>
    {
        await call().ConfigureAwait(false);
        return true;
    });
}
