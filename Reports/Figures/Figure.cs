using PimSim.Experiments.Results;

namespace PimSim.Reports.Figures;

/// <summary>A drawn figure.</summary>
/// <param name="Name">Name of its files, without extension.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Caption">How to read it, in a sentence or two.</param>
/// <param name="Png">The picture as pixels.</param>
/// <param name="Svg">The picture as vectors, with text as text.</param>
/// <param name="IsWide">It has more bars than fit into the width of a column.</param>
public sealed record RenderedFigure(string Name, string Title, string Caption, byte[] Png, string Svg, bool IsWide);

/// <summary>One figure of a result.</summary>
internal abstract class Figure(ExperimentResult result)
{
    private const int HashDigits = 12;
    private const int CommitDigits = 8;

    /// <summary>Name of its files, without extension.</summary>
    public abstract string Name { get; }

    /// <summary>What it shows.</summary>
    public abstract string Title { get; }

    /// <summary>How to read it, in a sentence or two.</summary>
    public abstract string Caption { get; }

    /// <summary>The result that it shows.</summary>
    protected ExperimentResult Result { get; } = result;

    /// <summary>The chart, or null if the result has nothing for it.</summary>
    public abstract BarChart? Chart();

    /// <summary>Draws it, or returns null if the result has nothing for it.</summary>
    public RenderedFigure? Render()
    {
        if (Chart() is not { } chart)
        {
            return null;
        }

        FigurePage page = new(new(Title, Result.Workload, Footer(Result.Version, Result.InputHash, Result.Title)), chart);
        (byte[] png, string svg) = page.Render();
        return new(Name, Title, Caption, png, svg, page.IsWide);
    }

    /// <summary>Where a figure comes from: version, inputs, experiment.</summary>
    internal static string Footer(string version, string inputHash, string title) => $"PimSim {ShortVersion(version)} · inputs {Beginning(inputHash, HashDigits)} · {title}";

    /// <summary>The version with as much of the commit as tells it from others.</summary>
    internal static string ShortVersion(string version)
    {
        int plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? version : Beginning(version, plus + 1 + CommitDigits);
    }

    private static string Beginning(string text, int length) => text[..Math.Min(length, text.Length)];
}
