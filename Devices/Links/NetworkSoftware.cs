using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Links;

/// <summary>Software that sends messages between devices of different nodes (<c>kind: network-software</c>): what it achieves on a link.</summary>
/// <param name="Name">Name of the catalogue entry.</param>
/// <param name="RoundTrip">From the start of a small message until the answer to it is there, link included.</param>
/// <param name="BandwidthShare">Part of the link's raw rate that large messages achieve, above 0, at most 1.</param>
public sealed record NetworkSoftware(string Name, Picoseconds RoundTrip, double BandwidthShare)
{
    /// <summary>The word in a catalogue file that says an entry is this.</summary>
    public const string EntryKind = "network-software";

    /// <summary>The shipped software, and a user's own of a folder <c>network-software</c>; same names replace.</summary>
    public static CatalogueFolder Folder(string? userFolder, InputFiles? opened = null) => Dram.DramCatalogue.Folder("network software", "network-software", userFolder, opened);

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    public static NetworkSoftware Read(CatalogueEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        DataNode root = entry.Root;
        if (entry.Kind != EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not network software; 'kind: {EntryKind}' is needed here");
        }

        NetworkSoftware software = new(
            entry.Name,
            new Picoseconds((long)entry.Within(root, "round_trip", Dimension.Time, 0, 1_000_000_000_000, "at most 1 s is allowed")),
            (double)entry.Share(root, "bandwidth_share"));
        root.RejectUnknownKeys();
        return software;
    }
}
