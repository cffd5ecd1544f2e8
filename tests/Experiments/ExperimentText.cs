using System.Text.Json;
using Xunit;

namespace PimSim.Experiments.Tests;

/// <summary>Experiments that tests write as text.</summary>
internal static class ExperimentText
{
    /// <summary>Reads a text as a file.</summary>
    public static T Read<T>(string text, Func<string, T> read)
    {
        string path = Path.Combine(Path.GetTempPath(), $"pimsim-{Guid.NewGuid():N}.yaml");
        File.WriteAllText(path, text);
        try
        {
            return read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Checks that a reader's message about a key that resembles nothing lists the keys that the schema has there.</summary>
    /// <param name="schema">File in docs.</param>
    /// <param name="section">The mapping that the key is in: keys with dots between; empty for the whole file.</param>
    /// <param name="message">What the reader says.</param>
    public static void AssertSchemaHasKeysOf(string schema, string section, string message)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(SourceTree.Root, "docs", schema)));
        JsonElement place = document.RootElement;
        foreach (string key in section.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            place = place.GetProperty("properties").GetProperty(key);
        }

        IEnumerable<string> keys = place.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal);
        Assert.Contains($"known: {string.Join(", ", keys)}", message, StringComparison.Ordinal);
    }
}
