using PimSim.Simulator.Kernel;

namespace PimSim.Devices.Links;

/// <summary>What software adds to the link's own cost when it runs a method.</summary>
/// <param name="Start">Before the first byte moves: launch of the kernel, set-up, final barrier.</param>
/// <param name="Step">For each step of a ring or tree, otherwise for each peer: polls, fences, flags.</param>
/// <param name="Spread">For spreading the message over all channels.</param>
/// <param name="SpreadOver">From this size on all channels are used; below it the spread is paid in part.</param>
/// <param name="Share">Part of the link's payload rate that the protocol achieves, above 0, at most 1.</param>
public readonly record struct MethodCosts(Picoseconds Start, Picoseconds Step, Picoseconds Spread, long SpreadOver, double Share);
