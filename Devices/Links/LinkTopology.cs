namespace PimSim.Devices.Links;

/// <summary>What a link connects.</summary>
public enum LinkTopology : byte
{
    /// <summary>A host and a device.</summary>
    Host,

    /// <summary>Two devices and no more.</summary>
    Pair,

    /// <summary>Each device and a switch that serves all pairs at full rate.</summary>
    Switch,

    /// <summary>Every device and every other; the rate is the sum over all of them.</summary>
    Mesh,

    /// <summary>Each device and its neighbours in a torus; the rate is the sum over all of them.</summary>
    Torus,

    /// <summary>A node and a network between nodes.</summary>
    Network,
}
