using System.Collections.Immutable;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Models;

/// <summary>A network file that has been read.</summary>
/// <param name="Shape">What a technique builds.</param>
/// <param name="PublishedParameters">Number of parameters by the file, if it says.</param>
/// <param name="File">Summary, sources and every value with its source, for <c>pimsim show</c>.</param>
public sealed record NetworkEntry(NetworkShape Shape, long? PublishedParameters, CatalogueEntry File);

/// <summary>The models that are no plain decoders, by name: sizes that the techniques of their family know how to read.</summary>
public sealed class NetworkZoo
{
    private const int Most = 1 << 24;
    private readonly CatalogueFolder _folder;

    /// <summary>Reads from folders of network files; a later folder wins over an earlier one.</summary>
    public NetworkZoo(IEnumerable<string> folders) => _folder = new CatalogueFolder("network", folders);

    /// <summary>The networks that come with PimSim.</summary>
    public static NetworkZoo Shipped { get; } = new([ShippedFolder]);

    /// <summary>The folder of their files.</summary>
    public static string ShippedFolder => Path.Combine(AppContext.BaseDirectory, "Catalogue", "networks");

    /// <summary>All names in ordinal order.</summary>
    public IReadOnlyCollection<string> Names => _folder.Names;

    /// <summary>Reads a network; faults in the file go to <paramref name="problems"/>, and the shape is usable only if there are none.</summary>
    /// <exception cref="PimSimUserException">No such network, or its file is not YAML.</exception>
    public NetworkEntry Read(string name, ProblemList problems)
    {
        CatalogueEntry entry = _folder.Open(name, problems);
        if (entry.Kind != "network")
        {
            entry.Root.Optional("kind").Report($"'{entry.Kind}' is not a network; write 'network'");
        }

        string family = entry.Root.Required("family").Text();
        ImmutableSortedDictionary<string, int>.Builder sizes = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        DataNode table = entry.Root.Required("sizes");
        foreach ((string key, DataNode value) in table.Entries())
        {
            sizes[key] = (int)entry.Unwrap(value).Integer(0, Most, 1);
        }

        DataNode types = entry.Root.Optional("types");
        DataNode published = entry.Root.Optional("publishedParameters");
        NetworkShape shape = new(name, family, sizes.ToImmutable(), TypeOf(types, "weights"), TypeOf(types, "activations"), TypeOf(types, "kv"));
        long? parameters = published.Exists ? entry.Unwrap(published).Integer(1, long.MaxValue, 1) : null;
        types.RejectUnknownKeys();
        entry.Root.RejectUnknownKeys();
        return new NetworkEntry(shape, parameters, entry);
    }

    /// <summary>Reads the shape of a network.</summary>
    /// <exception cref="PimSimUserException">No such network, or its file is wrong, with all that is wrong.</exception>
    public NetworkShape Shape(string name)
    {
        ProblemList problems = new();
        NetworkShape shape = Read(name, problems).Shape;
        problems.ThrowIfAny();
        return shape;
    }

    private static DataType TypeOf(DataNode types, string key) => DataTypes.Parse(types.Optional(key).Word(DataTypes.Names, "fp16"));
}
