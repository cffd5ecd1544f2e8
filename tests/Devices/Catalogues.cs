using System.Collections.Concurrent;
using PimSim.Devices.Pim;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Tests;

/// <summary>The shipped catalogue, as it lies beside the test program.</summary>
internal static class Catalogues
{
    public static CatalogueFolder Devices { get; } = new("device", [Folder("devices")]);

    public static CatalogueFolder Standards { get; } = new("DRAM standard", [Folder("standards")]);

    private static readonly ConcurrentDictionary<string, PimMemory> Memories = new(StringComparer.Ordinal);

    /// <summary>A memory of the catalogue; immutable, so read once.</summary>
    public static PimMemory Memory(string name) => Memories.GetOrAdd(name, _ =>
    {
        ProblemList problems = new();
        PimMemory memory = PimMemory.Read(Devices, Standards, name, problems);
        problems.ThrowIfAny();
        return memory;
    });

    private static string Folder(string sort) => Path.Combine(AppContext.BaseDirectory, "Catalogue", sort);
}
