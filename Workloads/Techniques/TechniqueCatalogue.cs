using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Techniques;

/// <summary>All techniques by name.</summary>
public static class TechniqueCatalogue
{
    private static readonly SortedDictionary<string, ITechnique> ByName = new(
        new ITechnique[] { new Autoregressive() }.ToDictionary(technique => technique.Name),
        StringComparer.Ordinal);

    /// <summary>Names in ordinal order.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The technique of a name.</summary>
    /// <exception cref="PimSimUserException">No such technique; the message offers the nearest.</exception>
    public static ITechnique Get(string name) => ByName.TryGetValue(name, out ITechnique? technique)
        ? technique
        : throw new PimSimUserException($"unknown technique '{name}'; {NearestWord.Suggest(name, ByName.Keys)}");
}
