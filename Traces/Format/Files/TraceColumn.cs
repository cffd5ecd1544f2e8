using System.Runtime.InteropServices;
using Parquet;
using Parquet.Schema;

namespace PimSim.Traces.Format.Files;

/// <summary>One column of one row group in memory, on its way to or from a Parquet file.</summary>
internal abstract class TraceColumn(Field field)
{
    public Field Field { get; } = field;

    public abstract Task WriteAsync(ParquetRowGroupWriter group, DataField field);

    /// <summary>Replaces what the column holds.</summary>
    /// <param name="group">Where to read.</param>
    /// <param name="field">This column in that file.</param>
    /// <param name="rows">Rows of the group.</param>
    /// <param name="values">Values of the column by the file's metadata: rows, or entries of all lists.</param>
    public abstract Task ReadAsync(ParquetRowGroupReader group, DataField field, int rows, int values);

    public abstract void Clear();
}

/// <summary>A column of numbers or flags, none of them null.</summary>
internal sealed class NumberColumn<T>(string name) : TraceColumn(new DataField<T>(name, nullable: false))
    where T : struct
{
    private readonly List<T> _values = [];

    public T this[int row] => _values[row];

    public void Add(T value) => _values.Add(value);

    public override void Clear() => _values.Clear();

    public override Task WriteAsync(ParquetRowGroupWriter group, DataField field) => group.WriteAsync<T>(field, _values.ToArray().AsMemory());

    public override async Task ReadAsync(ParquetRowGroupReader group, DataField field, int rows, int values)
    {
        T[] read = new T[rows];
        await group.ReadAsync<T>(field, read.AsMemory()).ConfigureAwait(false);
        _values.Clear();
        _values.AddRange(read);
    }
}

/// <summary>A column of texts or nulls. Texts that repeat, and nearly all do, are one object.</summary>
internal sealed class TextColumn(string name) : TraceColumn(new DataField<string>(name, nullable: true))
{
    private readonly List<string?> _values = [];

    public string? this[int row] => _values[row];

    public void Add(string? value) => _values.Add(value);

    public override void Clear() => _values.Clear();

    public override Task WriteAsync(ParquetRowGroupWriter group, DataField field) => group.WriteAsync(field, _values!);

    public override async Task ReadAsync(ParquetRowGroupReader group, DataField field, int rows, int values)
    {
        // By the library's own reader of strings each row would be a copy: a small file could ask for any amount of memory.
        var texts = new ReadOnlyMemory<char>[rows];
        int[] present = new int[rows];
        await group.ReadRawAsync(field, texts.AsMemory(), present.AsMemory(), null, default).ConfigureAwait(false);
        HashSet<string> known = new(StringComparer.Ordinal);
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup = known.GetAlternateLookup<ReadOnlySpan<char>>();
        _values.Clear();
        int next = 0;
        for (int row = 0; row < rows; row++)
        {
            _values.Add(present[row] == 0 ? null : Shared(lookup, texts[next++].Span));
        }
    }

    private static string Shared(HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup, ReadOnlySpan<char> text)
    {
        if (text.Length > TraceLimits.TextLength)
        {
            throw new InvalidDataException($"a text of {text.Length} characters; {TraceLimits.TextLength} is the most");
        }

        lookup.Add(text);
        return lookup.TryGetValue(text, out string? shared) ? shared : throw new InvalidOperationException("just added");
    }
}

/// <summary>A column of lists of numbers.</summary>
internal sealed class ListColumn(string name) : TraceColumn(new ListField(name, new DataField<long>("element", nullable: false)))
{
    // Of the levels that the format defines: 0 a null list, 1 an empty one, 2 an element; repetition 0 begins a row.
    private const int EmptyList = 1;
    private const int Element = 2;

    private readonly List<long> _values = [];
    private readonly List<int> _ends = [];

    /// <summary>Number of values in all lists.</summary>
    public int Values => _values.Count;

    public ReadOnlySpan<long> this[int row]
    {
        get
        {
            int start = row == 0 ? 0 : _ends[row - 1];
            return CollectionsMarshal.AsSpan(_values)[start.._ends[row]];
        }
    }

    /// <summary>A value of the list that is being filled.</summary>
    public void Append(long value) => _values.Add(value);

    /// <summary>Ends the list of a row.</summary>
    public void EndRow() => _ends.Add(_values.Count);

    public override void Clear()
    {
        _values.Clear();
        _ends.Clear();
    }

    public override Task WriteAsync(ParquetRowGroupWriter group, DataField field)
    {
        List<int> definitions = new(_values.Count + _ends.Count);
        List<int> repetitions = new(definitions.Capacity);
        int start = 0;
        foreach (int end in _ends)
        {
            definitions.Add(end > start ? Element : EmptyList);
            repetitions.Add(0);
            for (int i = start + 1; i < end; i++)
            {
                definitions.Add(Element);
                repetitions.Add(1);
            }

            start = end;
        }

        return group.WriteAllPartsAsync<long>(field, _values.ToArray().AsMemory(), definitions.ToArray().AsMemory(), repetitions.ToArray().AsMemory(), default);
    }

    public override async Task ReadAsync(ParquetRowGroupReader group, DataField field, int rows, int values)
    {
        long[] read = new long[values];
        int[] definitions = new int[values];
        int[] repetitions = new int[values];
        await group.ReadRawAsync(field, read.AsMemory(), definitions.AsMemory(), repetitions.AsMemory(), default).ConfigureAwait(false);
        Clear();
        for (int i = 0; i < values; i++)
        {
            if (repetitions[i] == 0 && i > 0)
            {
                EndRow();
            }

            if (definitions[i] == Element)
            {
                Append(read[_values.Count]);
            }
        }

        EndRow();
        if (_ends.Count != rows)
        {
            throw new InvalidDataException($"column {Field.Name} has {_ends.Count} lists for {rows} rows");
        }
    }
}
