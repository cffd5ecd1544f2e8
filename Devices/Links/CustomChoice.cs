using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Links;

/// <summary>
/// When an engine's own all-reduce kernels replace the library's: one shot for few ranks or small vectors, two shots above,
/// the library beyond.
/// </summary>
/// <param name="OneShotRanks">Up to so many ranks one shot serves every size.</param>
/// <param name="SmallGroup">Ranks of a small group.</param>
/// <param name="OneShotSmall">One shot below this size in a small group.</param>
/// <param name="OneShotLarge">One shot below this size in a larger group.</param>
/// <param name="MostRanks">Ranks beyond which the library serves.</param>
/// <param name="Largest">Size from which on the library serves.</param>
public sealed record CustomChoice(int OneShotRanks, int SmallGroup, long OneShotSmall, long OneShotLarge, int MostRanks, long Largest)
{
    /// <summary>Reads the mapping of a catalogue file. Faults go to the problem list.</summary>
    public static CustomChoice Read(CatalogueEntry entry, DataNode node)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(node);
        long Size(string key) => (long)entry.Positive(node, key, Dimension.Size);
        CustomChoice choice = new(
            entry.Integer(node, "one_shot_ranks", 2, 1024),
            entry.Integer(node, "small_group", 2, 1024),
            Size("one_shot_small"),
            Size("one_shot_large"),
            entry.Integer(node, "most_ranks", 2, 1024),
            Size("largest"));
        node.RejectUnknownKeys();
        return choice;
    }

    /// <summary>The kernel for a size, or null where the library serves.</summary>
    public CollectiveMethod? Choose(CollectiveKind kind, int ranks, long bytes)
    {
        if (kind != CollectiveKind.AllReduce || ranks > MostRanks || bytes >= Largest)
        {
            return null;
        }

        return ranks <= OneShotRanks || bytes < (ranks <= SmallGroup ? OneShotSmall : OneShotLarge)
            ? CollectiveMethod.OneShot
            : CollectiveMethod.TwoShot;
    }
}
