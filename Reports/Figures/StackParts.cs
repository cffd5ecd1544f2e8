using ScottPlot;

namespace PimSim.Reports.Figures;

/// <summary>A part of a stacked bar: one name, or all the names too small for a colour of their own.</summary>
/// <param name="Label">What the legend says.</param>
/// <param name="Names">What it adds up.</param>
/// <param name="Fill">Its colour.</param>
internal sealed record StackPart(string Label, IReadOnlyList<string> Names, Color Fill);

/// <summary>Which names get a colour of their own.</summary>
internal static class StackParts
{
    /// <summary>
    /// As many parts as there are colours. If there are more names, those with the largest shares stay, in their order, and
    /// the rest is 'other'.
    /// </summary>
    /// <param name="names">Bottom to top.</param>
    /// <param name="labelOf">What the legend says for a name.</param>
    /// <param name="largestShareOf">The largest part of any bar that the name makes up.</param>
    public static IReadOnlyList<StackPart> Choose(IReadOnlyList<string> names, Func<string, string> labelOf, Func<string, double> largestShareOf)
    {
        string[] kept = [.. names];
        if (names.Count > FigureStyle.ColorCount)
        {
            HashSet<string> largest = [.. names.OrderByDescending(largestShareOf).Take(FigureStyle.ColorCount - 1)];
            kept = [.. names.Where(largest.Contains)];
        }

        List<StackPart> parts = [.. kept.Select((name, index) => new StackPart(labelOf(name), [name], FigureStyle.ColorOf(index)))];
        string[] rest = [.. names.Except(kept, StringComparer.Ordinal)];
        if (rest.Length > 0)
        {
            parts.Add(new($"{FigureStyle.Other} ({rest.Length})", rest, FigureStyle.ColorOf(FigureStyle.ColorCount - 1)));
        }

        return parts;
    }
}
