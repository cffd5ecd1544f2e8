using System.Collections.Immutable;
using System.Globalization;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>
/// One generation of kernels of one sort in a software stack: for which silicon and number types it is, and its constants. A
/// <typeparamref name="T"/> gives the constants their names.
/// </summary>
/// <param name="Name">Its name in the stack file.</param>
/// <param name="Architectures">Silicon that runs it.</param>
/// <param name="Types">Types that it computes in.</param>
/// <param name="Constants">The constants.</param>
public sealed record KernelFamily<T>(string Name, ImmutableArray<GpuArchitecture> Architectures, ImmutableArray<DataType> Types, T Constants)
{
    /// <summary>Whether this is the family for a chip and a type.</summary>
    public bool Serves(GpuArchitecture architecture, DataType type) => Architectures.Contains(architecture) && Types.Contains(type);
}

/// <summary>Reads kernel families from stack files.</summary>
internal static class KernelFamilies
{
    private const double RoundingSlack = 1e-9;

    private static readonly string[] ArchitectureNames = [.. Enum.GetNames<GpuArchitecture>().Select(name => name.ToLowerInvariant())];

    /// <summary>Words of <see cref="GpuArchitecture"/> in files, in its order.</summary>
    public static IReadOnlyList<string> Architectures => ArchitectureNames;

    /// <summary>Reads all families under a key; each has <c>architectures</c>, <c>types</c> and what <paramref name="read"/> takes.</summary>
    public static ImmutableArray<KernelFamily<T>> Read<T>(CatalogueEntry entry, DataNode parent, string key, Func<DataNode, T> read)
    {
        ImmutableArray<KernelFamily<T>>.Builder families = ImmutableArray.CreateBuilder<KernelFamily<T>>();
        foreach ((string name, DataNode node) in parent.Required(key).Entries())
        {
            families.Add(new KernelFamily<T>(
                name,
                [.. Words(entry, node, "architectures", ArchitectureNames).Select(index => (GpuArchitecture)index)],
                [.. Words(entry, node, "types", DataTypes.Names).Select(index => (DataType)index)],
                read(node)));
            node.RejectUnknownKeys();
        }

        return families.ToImmutable();
    }

    /// <summary>Reads constants in the order of their definitions.</summary>
    public static ImmutableArray<double> Constants(CatalogueEntry entry, DataNode node, ImmutableArray<KernelConstant> definitions) =>
        [.. definitions.Select(definition => Constant(entry, node, definition))];

    private static double Constant(CatalogueEntry entry, DataNode node, KernelConstant definition)
    {
        DataNode value = entry.Unwrap(node.Required(definition.Key));

        // Scaled with a slack for rounding: 1000 GB/s must not lie above 1000.
        double held = (double)value.Quantity(definition.Dimension) * definition.Scale;
        double slack = RoundingSlack * definition.Maximum;
        if (value.Exists && (held < definition.Minimum - slack || held > definition.Maximum + slack))
        {
            string unit = definition.Unit.Length == 0 ? "" : $" {definition.Unit}";
            value.Report(string.Create(CultureInfo.InvariantCulture, $"'{value.RawText}' is not possible: {definition.Key} lies between {definition.Minimum} and {definition.Maximum}{unit}"));
        }

        return held;
    }

    private static List<int> Words(CatalogueEntry entry, DataNode node, string key, IReadOnlyList<string> allowed)
    {
        DataNode list = entry.Unwrap(node.Required(key));
        List<int> indices = [];
        foreach (DataNode item in list.Items())
        {
            indices.Add(Enumerable.Range(0, allowed.Count).First(index => allowed[index] == item.Word([.. allowed], allowed[0])));
        }

        return indices;
    }
}
