using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Links;

/// <summary>
/// The data sheet of a link: one direction of one device's connection. What software achieves of it is a matter of
/// <see cref="CollectiveStack"/>.
/// </summary>
/// <param name="Name">Name of the catalogue entry.</param>
/// <param name="Topology">What it connects.</param>
/// <param name="BytesPerSecond">Raw rate of one direction.</param>
/// <param name="Payload">Part of the raw rate left for data after packet headers, above 0, at most 1.</param>
/// <param name="Latency">From a small store until the other side sees it.</param>
/// <param name="EnergyPerBit">Energy of one transferred bit.</param>
/// <param name="Peers">Devices that the links of a mesh or torus go to; 1 where one connection serves all.</param>
/// <param name="ReducesInSwitch">Whether the switch adds up and multicasts (NVLink SHARP).</param>
public sealed record LinkSpecification(
    string Name,
    LinkTopology Topology,
    double BytesPerSecond,
    double Payload,
    Picoseconds Latency,
    Energy EnergyPerBit,
    int Peers,
    bool ReducesInSwitch)
{
    /// <summary>The word in a catalogue file that says an entry is a link.</summary>
    public const string EntryKind = "link";

    // In the order of the enumeration.
    private static readonly string[] TopologyNames = ["host", "pair", "switch", "mesh", "torus", "network"];

    /// <summary>Rate of data in one direction.</summary>
    public double PayloadBytesPerSecond => BytesPerSecond * Payload;

    /// <summary>The part of the rate that a rank can use among <paramref name="ranks"/>: two devices of a mesh have one of its
    /// links between them.</summary>
    public double UsableShare(int ranks) => (double)Math.Min(ranks - 1, Peers) / Peers;

    /// <summary>The shipped links, and a user's own of a folder <c>links</c>; same names replace.</summary>
    public static CatalogueFolder Links(string? userFolder, InputFiles? opened = null) => Dram.DramCatalogue.Folder("link", "links", userFolder, opened);

    /// <summary>Opens a link of the shipped catalogue.</summary>
    /// <exception cref="PimSimUserException">No such link, or its file is wrong.</exception>
    public static LinkSpecification Open(string name)
    {
        ProblemList problems = new();
        LinkSpecification link = Read(Links(null).Open(name, problems));
        problems.ThrowIfAny();
        return link;
    }

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    public static LinkSpecification Read(CatalogueEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        DataNode root = entry.Root;
        if (entry.Kind != EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a link; 'kind: {EntryKind}' is needed here");
        }

        LinkTopology topology = (LinkTopology)Array.IndexOf(TopologyNames, root.Required("topology").Word(TopologyNames, TopologyNames[0]));
        LinkSpecification link = new(
            entry.Name,
            topology,
            (double)entry.Positive(root, "bandwidth", Dimension.Bandwidth),
            (double)entry.Share(root, "payload"),
            new Picoseconds((long)entry.Quantity(root, "latency", Dimension.Time)),
            new Energy((Int128)entry.Quantity(root, "energy", Dimension.EnergyPerBit)),
            topology is LinkTopology.Mesh or LinkTopology.Torus ? entry.Integer(root, "peers", 1, 64) : 1,
            root.Required("reduces_in_switch").Flag(false));
        if (link.ReducesInSwitch && link.Topology != LinkTopology.Switch)
        {
            root.Optional("reduces_in_switch").Report("only a link with 'topology: switch' can reduce in its switch");
        }

        root.RejectUnknownKeys();
        return link;
    }

    /// <summary>Time of one message over the bare link: latency and transfer at the payload rate.</summary>
    public Picoseconds Transfer(long bytes) => bytes == 0 ? Picoseconds.Zero : Latency + new Picoseconds((long)Math.Ceiling(bytes * 1e12 / PayloadBytesPerSecond));

    /// <summary>Energy of the transfer.</summary>
    public Energy EnergyOf(long bytes) => EnergyPerBit * checked(bytes * 8);
}
