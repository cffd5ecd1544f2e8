using PimSim.Reports.Figures;
using PimSim.Simulator.Serving;
using ScottPlot;

namespace PimSim.Reports.Serving;

/// <summary>What an iteration looks like on a timeline. A record does not say its phases: rows above the sequences are prompts or drafts.</summary>
/// <param name="Name">What a slice of a trace says.</param>
/// <param name="Legend">What a legend says.</param>
/// <param name="Fill">Its colour.</param>
internal sealed record IterationKind(string Name, string Legend, Color Fill)
{
    /// <summary>Each sequence forwards one token.</summary>
    public static IterationKind Decode { get; } = new("decode", "decode only", FigureStyle.ColorOf(2));

    /// <summary>Some sequence forwards more than one token.</summary>
    public static IterationKind Prompts { get; } = new("prompts or drafts", "with prompts or drafts", FigureStyle.ColorOf(0));

    /// <summary>Blocks move between KV memory and the host first.</summary>
    public static IterationKind Swap { get; } = new("swap", "swapping", FigureStyle.ColorOf(3));

    /// <summary>The kind of an iteration without its swapping.</summary>
    public static IterationKind Of(in IterationRecord iteration) => iteration.Tokens > iteration.Sequences ? Prompts : Decode;
}
