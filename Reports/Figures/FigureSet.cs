using System.Text;
using PimSim.Experiments.Results;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Figures;

/// <summary>All figures of a result.</summary>
public static class FigureSet
{
    // Drawing takes most of the time of a report; more threads than this are not worth their start.
    private const int Threads = 2;

    /// <summary>
    /// Draws the figures that the result has data for, in a fixed order. Equal results give equal bytes.
    /// </summary>
    public static IReadOnlyList<RenderedFigure> Render(ExperimentResult result)
    {
        List<Figure> figures = Of(result);
        RenderedFigure?[] rendered = new RenderedFigure?[figures.Count];
        Parallel.For(0, figures.Count, new ParallelOptions { MaxDegreeOfParallelism = Threads }, index => rendered[index] = figures[index].Render());
        return [.. rendered.OfType<RenderedFigure>()];
    }

    private static List<Figure> Of(ExperimentResult result)
    {
        List<Figure> figures =
        [
            new TokensPerSecondFigure(result),
            new MillisecondsPerTokenFigure(result),
            new JoulesPerTokenFigure(result),
            new DollarsPerMillionTokensFigure(result),
            new SpeedUpFigure(result),
            new EnergyRatioFigure(result),
        ];
        HashSet<string> suffixes = new(StringComparer.Ordinal);
        foreach (string system in result.Systems.Where(system => result.Points.Any(point => point.System == system && ResultTables.HasTimePerToken(point))))
        {
            string suffix = FileSuffix(system);
            for (int number = 2; !suffixes.Add(suffix); number++)
            {
                suffix = $"{FileSuffix(system)}-{number}";
            }

            figures.Add(new LatencyByComponentFigure(result, system, suffix));
            figures.Add(new LatencyByRoleFigure(result, system, suffix));
            figures.Add(new EnergyByComponentFigure(result, system, suffix));
            figures.Add(new EnergyByRoleFigure(result, system, suffix));
        }

        return figures;
    }

    /// <summary>The system's name in letters that every file system and URL takes.</summary>
    private static string FileSuffix(string system)
    {
        StringBuilder suffix = new();
        foreach (char letter in system)
        {
            if (char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_')
            {
                suffix.Append(char.ToLowerInvariant(letter));
            }
            else if (suffix.Length > 0 && suffix[^1] != '-')
            {
                suffix.Append('-');
            }
        }

        string trimmed = suffix.ToString().Trim('-');
        return trimmed.Length > 0 ? trimmed : "system";
    }
}
