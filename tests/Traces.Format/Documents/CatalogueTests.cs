using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Traces.Format.Tests.Documents;

public sealed class CatalogueTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Values_are_kept_with_their_sources_in_the_order_read()
    {
        CatalogueEntry entry = Entry("latency: {value: 12 ns, source: P}\nbanks: {value: 16, source: estimated, note: guess}\n", out ProblemList problems);
        Assert.Equal(16, entry.Integer(entry.Root, "banks", 1, 64));
        Assert.Equal(12_000, entry.Quantity(entry.Root, "latency", Dimension.Time));
        entry.Root.RejectUnknownKeys();
        Assert.Empty(problems.Problems);
        Assert.Equal([new("banks", "16", "estimated", "guess"), new SourcedValue("latency", "12 ns", "P", "")], entry.Values);
        Assert.Equal(("thing", "device", "A thing."), (entry.Name, entry.Kind, entry.Summary));
    }

    [Theory]
    [InlineData("x: 12 ns", "4:4: x: write {value: 12 ns, source: ...}")]
    [InlineData("x: {value: 12 ns}", "4:4: x: 'source' is missing")]
    [InlineData("x: {source: P}", "4:4: x: 'value' is missing")]
    [InlineData("x: {value: 12 ns, source: Q}", "4:27: x.source: 'Q' is not in this file's 'sources'; did you mean 'P'?")]
    [InlineData("x: {value: 12 ns, source: P, nota: n}", "4:30: x: unknown key 'nota'; did you mean 'note'?")]
    [InlineData("x: {value: -1 ns, source: P}", "4:12: x.value: '-1 ns' is negative")]
    [InlineData("y: {value: 12 ns, source: P}", "1:1: 'x' is missing")]
    public void A_number_without_its_value_or_source_is_refused_with_its_line(string line, string complaint)
    {
        CatalogueEntry entry = Entry(line + "\n", out ProblemList problems);
        entry.Quantity(entry.Root, "x", Dimension.Time);
        Assert.StartsWith("some/thing.yaml:" + complaint, Assert.Single(problems.Problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_shares_its_source_among_its_values()
    {
        CatalogueEntry entry = Entry("shape: {source: P, note: n, layers: 12, kind: b, tied: true}\n", out ProblemList problems);
        SourcedTable table = entry.Table(entry.Root, "shape");
        Assert.Equal((12, "b", true), (table.Integer("layers", 1, 99), table.Word("kind", ["a", "b"]), table.Flag("tied")));
        table.RejectUnknownKeys();
        Assert.Empty(problems.Problems);
        Assert.Equal([new("shape.layers", "12", "P", "n"), new("shape.kind", "b", "P", "n"), new SourcedValue("shape.tied", "true", "P", "n")], entry.Values);
    }

    [Fact]
    public void Faults_in_a_table_are_all_reported()
    {
        CatalogueEntry entry = Entry("shape: {source: Q, layers: 0, kind: c, tide: true}\n", out ProblemList problems);
        SourcedTable table = entry.Table(entry.Root, "shape");
        Assert.Equal((1, "a", false), (table.Integer("layers", 1, 99), table.Word("kind", ["a", "b"]), table.Flag("tied")));
        table.RejectUnknownKeys();
        Assert.Equal(
            ["shape.source", "shape.layers", "shape.kind", "shape", "shape"],
            problems.Problems.Select(problem => problem.Message[..problem.Message.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Fact]
    public void An_entry_without_kind_and_summary_says_so_once_each()
    {
        ProblemList problems = new();
        _ = new CatalogueEntry(DataNode.Parse("thing.yaml", "sources: {}\n", problems));
        Assert.Equal(["'kind' is missing", "'summary' is missing"], problems.Problems.Select(problem => problem.Message));
    }

    [Fact]
    public void A_later_folder_wins_and_names_are_in_order()
    {
        Write("one", "b.yaml", "kind: first");
        Write("one", "sub/a.yaml", "kind: first");
        Write("two", "b.yaml", "kind: second");
        CatalogueFolder folder = new("device", [Path.Combine(_folder, "one"), Path.Combine(_folder, "two"), Path.Combine(_folder, "absent")]);
        Assert.Equal(["a", "b"], folder.Names);
        Assert.Equal("second", folder.Open("b", new ProblemList()).Kind);
        Assert.Equal("unknown device 'bb'; did you mean 'b'?", Assert.Throws<PimSimUserException>(() => folder.PathOf("bb")).Message);
    }

    [Fact]
    public void Two_files_of_one_name_in_one_folder_are_refused()
    {
        string first = Write("one", "p/b.yaml", "kind: x");
        string second = Write("one", "q/b.yaml", "kind: x");
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new CatalogueFolder("device", [Path.Combine(_folder, "one")]));
        Assert.Contains(first, fault.Message, StringComparison.Ordinal);
        Assert.Contains(second, fault.Message, StringComparison.Ordinal);
    }

    private static CatalogueEntry Entry(string rest, out ProblemList problems)
    {
        problems = new ProblemList();
        return new CatalogueEntry(DataNode.Parse("some/thing.yaml", "kind: device\nsummary: A thing.\nsources: {P: A paper}\n" + rest, problems));
    }

    private string Write(string folder, string file, string text)
    {
        string path = Path.Combine(_folder, folder, file);
        AtomicFile.WriteText(path, text);
        return path;
    }
}
