using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Cli.Tests;

public class CatalogueViewTests
{
    private static readonly CatalogueView View = new(userFolder: null);

    public static TheoryData<string> Sorts => [.. CatalogueView.Sorts];

    [Theory]
    [MemberData(nameof(Sorts))]
    public void Every_sort_lists_something(string sort) => Assert.NotEmpty(View.List(sort));

    [Fact]
    public void Whatever_is_listed_can_be_shown_and_every_value_names_its_source()
    {
        foreach (string name in CatalogueView.Sorts.Where(sort => sort != "techniques").SelectMany(View.List).Select(entry => entry.Name).Distinct())
        {
            IReadOnlyList<CatalogueEntry> entries = View.Show(name);
            Assert.Contains(entries, entry => entry.Name == name);
            foreach (CatalogueEntry entry in entries)
            {
                Assert.All(entry.Values, value => Assert.True(value.Source == CatalogueEntry.Estimated || entry.Sources.ContainsKey(value.Source), $"{name} {value}"));
            }
        }
    }

    [Fact]
    public void A_system_is_shown_with_its_parts() =>
        Assert.Equal(["pim-gpt", "pim-gpt-memory", "pim-gpt-asic", "pim-gpt"], View.Show("pim-gpt").Take(4).Select(entry => entry.Name));

    [Fact]
    public void An_unknown_name_gets_the_nearest() =>
        Assert.Contains("did you mean 'gpt2-xl'?", Assert.Throws<PimSimUserException>(() => View.Show("gpt2xl")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_folder_of_ones_own_adds_and_replaces()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"pimsim-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path.Combine(folder, "models"));
        try
        {
            string shipped = View.Show("gpt2-small")[0].Root.File;
            File.WriteAllText(Path.Combine(folder, "models", "mine.yaml"), File.ReadAllText(shipped).Replace("GPT-2 small", "Mine", StringComparison.Ordinal));
            Assert.Contains(new CatalogueView(folder).List("models"), entry => entry.Name == "mine" && entry.Summary.StartsWith("Mine", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
