using System.Globalization;
using CsCheck;
using DuckDB.NET.Data;
using ParquetSharp;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Engines;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Traces.Format.Tests.Files;

/// <summary>Readers that share no code with ours open what we write: Apache Arrow C++ (ParquetSharp; pandas uses the same) and DuckDB.</summary>
public sealed class IndependentReaderTests : IDisposable
{
    // Name and DuckDB's type, in the order of the file. docs/traces.md promises them to others.
    private static readonly (string Name, string Type)[] Columns =
    [
        ("record", "VARCHAR"), ("step", "INTEGER"), ("phase", "VARCHAR"), ("committed_tokens", "INTEGER"), ("block", "INTEGER"), ("repeat", "INTEGER"),
        ("position", "INTEGER"), ("kind", "VARCHAR"), ("role", "VARCHAR"), ("rows", "INTEGER"), ("inputs", "INTEGER"), ("outputs", "INTEGER"),
        ("sequences", "INTEGER"), ("heads", "INTEGER"), ("kv_heads", "INTEGER"), ("head_dim", "INTEGER"), ("context", "INTEGER"), ("taps", "INTEGER"),
        ("stride", "INTEGER"), ("padding", "INTEGER"), ("group", "INTEGER"), ("nonzeros", "INTEGER"), ("experts", "INTEGER"), ("ranks", "INTEGER"), ("collective", "VARCHAR"), ("bias", "BOOLEAN"), ("mask", "VARCHAR"),
        ("activation", "VARCHAR"), ("norm", "VARCHAR"), ("weight_type", "VARCHAR"), ("activation_type", "VARCHAR"), ("kv_type", "VARCHAR"),
        ("source1", "INTEGER"), ("source2", "INTEGER"), ("label", "VARCHAR"), ("opaque_ns", "BIGINT"), ("measured_ns", "BIGINT[]"),
        ("decision", "VARCHAR"), ("decision_values", "BIGINT[]"),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-readers-").FullName;

    [Fact]
    public void Arrow_reads_every_row_of_any_trace_as_it_was_written() => Gen.Select(RandomTrace.Header, RandomTrace.Steps).Sample(
        (header, steps) =>
        {
            string path = Write("any.parquet", header, steps);
            ExpectedRow[] expected = [.. ExpectedRow.Of(steps)];
            using ParquetFileReader file = new(path);
            Assert.Equal(expected.Length, file.FileMetaData.NumRows);
            Assert.Equal(Columns.Select(column => column.Name), Enumerable.Range(0, file.FileMetaData.Schema.NumColumns).Select(index => file.FileMetaData.Schema.Column(index).Path.ToDotVector()[0]));
            Assert.Equal(steps.Length.ToString(CultureInfo.InvariantCulture), file.FileMetaData.KeyValueMetadata["pimsim.trace.steps"]);
            Assert.Equal(expected.Select(row => row.Record), Read<string>(file, "record"));
            Assert.Equal(expected.Select(row => row.Step), Read<int>(file, "step"));
            Assert.Equal(expected.Select(row => row.CommittedTokens), Read<int>(file, "committed_tokens"));
            Assert.Equal(expected.Select(row => row.Block), Read<int>(file, "block"));
            Assert.Equal(expected.Select(row => row.Repeat), Read<int>(file, "repeat"));
            Assert.Equal(expected.Select(row => row.Position), Read<int>(file, "position"));
            foreach ((string name, Func<Operator, int> size) in ExpectedRow.Sizes)
            {
                Assert.Equal(expected.Select(row => row.Op is { } op ? size(op) : 0), Read<int>(file, name));
            }

            Assert.Equal(expected.Select(row => row.Op?.Bias ?? false), Read<bool>(file, "bias"));
            Assert.Equal(expected.Select(row => row.Op?.Label), Read<string?>(file, "label"));
            Assert.Equal(expected.Select(row => row.Op?.OpaqueNanoseconds ?? 0), Read<long>(file, "opaque_ns"));
            Assert.Equal(expected.Select(row => row.Measured), Read<long[]?>(file, "measured_ns").Select(list => list ?? []));
            Assert.Equal(expected.Select(row => row.Decision?.Name), Read<string?>(file, "decision"));
            Assert.Equal(expected.Select(row => row.Decision is { } decision ? [.. decision.Values] : Array.Empty<long>()), Read<long[]?>(file, "decision_values").Select(list => list ?? []));
        },
        iter: 30,
        threads: 1);

    [Fact]
    public void DuckDB_has_the_documented_columns_and_the_sums_of_a_recorded_trace()
    {
        TraceFileSource trace = Record("cpu", "cpu.parquet");
        using DuckDBConnection database = Open();
        Assert.Equal(Columns, Query(database, "describe select * from 'cpu.parquet'").Select(row => ((string)row[0], (string)row[1])));
        Step[] steps = [.. trace.Steps()];
        object[] sums = Assert.Single(Query(database, """
            select sum(list_sum(measured_ns))::bigint, sum(len(measured_ns))::bigint, sum(repeat) filter (record = 'operator')::bigint, sum(committed_tokens)::bigint,
                   (sum(list_sum(decision_values)) filter (record = 'decision'))::bigint
            from 'cpu.parquet'
            """));
        long count = steps.Sum(step => step.Count);
        Assert.Equal(
            [steps.Sum(step => step.MeasuredNanoseconds.Sum()), count, count, steps.Sum(step => (long)step.CommittedTokens), steps.Sum(step => step.Decisions.Sum(decision => decision.Values.Sum()))],
            sums.Select(value => (long)value));
        Assert.True((long)sums[0] > 0);
    }

    /// <summary>The queries of the page, letter by letter, on files of the names that the page gives them.</summary>
    [Fact]
    public void The_queries_of_the_documentation_run_as_they_are_printed()
    {
        Dictionary<string, Dictionary<string, decimal>> expected = new(StringComparer.Ordinal)
        {
            ["llama.parquet"] = ByRole(Record("shape", "llama.parquet"), (_, _) => 1),
            ["cpu.parquet"] = ByRole(Record("cpu", "cpu.parquet"), (step, index) => step.MeasuredNanoseconds[index]),
        };
        string[] queries = [.. File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "traces.md")).Select(line => line.Trim()).Where(line => line.StartsWith("select ", StringComparison.Ordinal))];
        Assert.Equal(2, queries.Length);
        using DuckDBConnection database = Open();
        foreach (string query in queries)
        {
            string file = expected.Keys.Single(name => query.Contains($"'{name}'", StringComparison.Ordinal));
            Dictionary<string, decimal> found = Query(database, query).ToDictionary(row => (string)row[0], row => Convert.ToDecimal(row[1].ToString(), CultureInfo.InvariantCulture));
            Assert.Equal(expected[file].OrderBy(entry => entry.Key, StringComparer.Ordinal), found.OrderBy(entry => entry.Key, StringComparer.Ordinal));
        }
    }

    [Fact]
    public void The_documentation_names_every_column()
    {
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "traces.md"));
        string table = page[page.IndexOf("| column | type |", StringComparison.Ordinal)..page.IndexOf("In DuckDB", StringComparison.Ordinal)];
        string[] named = [.. table.Split('\n').Skip(2).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).SelectMany(line => line.Split('|')[1].Split(',')).Select(name => name.Trim().Trim('`'))];
        Assert.Equal(Columns.Select(column => column.Name), named);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static T[] Read<T>(ParquetFileReader file, string column)
    {
        List<T> values = [];
        int index = Array.FindIndex(Columns, known => known.Name == column);
        for (int group = 0; group < file.FileMetaData.NumRowGroups; group++)
        {
            using RowGroupReader rows = file.RowGroup(group);
            using LogicalColumnReader<T> reader = rows.Column(index).LogicalReader<T>();
            values.AddRange(reader.ReadAll((int)rows.MetaData.NumRows));
        }

        return [.. values];
    }

    private static List<object[]> Query(DuckDBConnection database, string text)
    {
        using DuckDBCommand command = database.CreateCommand();
        command.CommandText = text;
        using DuckDBDataReader reader = command.ExecuteReader();
        List<object[]> rows = [];
        while (reader.Read())
        {
            object[] row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }

    private static Dictionary<string, decimal> ByRole(TraceFileSource trace, Func<Step, int, long> value)
    {
        Dictionary<string, decimal> sums = new(StringComparer.Ordinal);
        foreach (Step step in trace.Steps())
        {
            int index = 0;
            foreach (Operator op in step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat)).SelectMany(operators => operators))
            {
                string role = EnumWords<OperatorRole>.Of(op.Role);
                sums[role] = sums.GetValueOrDefault(role) + value(step, index++);
            }
        }

        return sums;
    }

    private DuckDBConnection Open()
    {
        DuckDBConnection database = new("DataSource=:memory:");
        database.Open();
        Query(database, $"set file_search_path = '{_folder}'");
        return database;
    }

    private TraceFileSource Record(string backend, string name)
    {
        using IEngineModel model = EngineModels.Open(EngineModels.Builtin, backend, new ModelZoo([ModelZoo.ShippedFolder]));
        new TraceRecording(TechniqueCatalogue.Shipped.Get("autoregressive"), 5, null, 4, 2, 0).Write(model, Path.Combine(_folder, name), "test", _ => { }, TestContext.Current.CancellationToken);
        return TraceFile.Open(Path.Combine(_folder, name));
    }

    private string Write(string name, TraceHeader header, Step[] steps)
    {
        string path = Path.Combine(_folder, name);
        TraceFile.Write(path, header, steps, TestContext.Current.CancellationToken);
        return path;
    }
}
