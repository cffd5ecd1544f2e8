using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques;

public class TechniqueFileTests
{
    private const string Good = """
        kind: technique
        summary: "one"
        sources: {S: "somewhere"}
        program: draft-heads
        family: speculative
        settings:
          acceptedTokens: {value: 1.5, source: S}
          treeWidths: {value: [4, 2], source: S}
        """;

    [Fact]
    public void Every_shipped_technique_reads_and_names_a_program()
    {
        Assert.NotEmpty(TechniqueCatalogue.Shipped.Names);
        Assert.All(TechniqueCatalogue.Shipped.Names.Select(TechniqueCatalogue.Shipped.Get), entry =>
        {
            Assert.Contains(entry.Baseline, TechniqueCatalogue.Shipped.Names);
            Assert.Same(TechniqueCatalogue.Programs[entry.Program.Name], entry.Program);
        });
    }

    [Fact]
    public void Settings_are_numbers_or_lists_of_them()
    {
        TechniqueEntry entry = Read(Good);
        Assert.Equal(1.5, entry.Settings.Number("acceptedTokens"));
        Assert.Equal([4, 2], entry.Settings.Integers("treeWidths"));
        Assert.Contains("a list of 2 numbers", Assert.Throws<PimSimUserException>(() => entry.Settings.Number("treeWidths")).Message, StringComparison.Ordinal);
        Assert.Contains("whole number", Assert.Throws<PimSimUserException>(() => entry.Settings.Integer("acceptedTokens")).Message, StringComparison.Ordinal);
        Assert.Contains(
            "did you mean 'treeWidths'",
            Assert.Throws<PimSimUserException>(() => entry.Settings.With([KeyValuePair.Create("treeWidth", System.Collections.Immutable.ImmutableArray.Create(1.0))])).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("program: draft-heads", "program: draft-head", "did you mean 'draft-heads'")]
    [InlineData("family: speculative", "family: speculativ", "did you mean 'speculative'")]
    [InlineData("value: 1.5", "value: much", "'much' is not a number")]
    [InlineData("source: S}", "source: T}", "T")]
    [InlineData("settings:", "setting:", "settings")]
    public void Faults_are_named(string right, string wrong, string message) =>
        Assert.Contains(message, Assert.Throws<PimSimUserException>(() => Read(Good.Replace(right, wrong, StringComparison.Ordinal))).Message, StringComparison.Ordinal);

    private static TechniqueEntry Read(string text)
    {
        ProblemList problems = new();
        TechniqueEntry entry = TechniqueFile.Read(new CatalogueEntry(DataNode.Parse("mine.yaml", text, problems)), TechniqueCatalogue.Programs);
        problems.ThrowIfAny();
        return entry;
    }
}
