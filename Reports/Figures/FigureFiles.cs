using System.Text;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports.Figures;

/// <summary>The files of figures: <c>figures/NAME.png</c> and <c>figures/NAME.svg</c> in the folder of a run.</summary>
public static class FigureFiles
{
    internal const string Folder = "figures";

    /// <summary>Writes figures; each file is replaced whole or not at all.</summary>
    /// <returns>Paths of the files, in the order written.</returns>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static IReadOnlyList<string> Write(IReadOnlyList<RenderedFigure> figures, string folder)
    {
        List<string> paths = [];
        foreach ((string path, byte[] content) in Contents(figures, folder))
        {
            AtomicFile.Write(path, stream => stream.Write(content));
            paths.Add(path);
        }

        return paths;
    }

    /// <summary>What is written where.</summary>
    internal static IEnumerable<(string Path, byte[] Content)> Contents(IReadOnlyList<RenderedFigure> figures, string folder)
    {
        foreach (RenderedFigure figure in figures)
        {
            yield return (Path.Combine(folder, Folder, $"{figure.Name}.png"), figure.Png);
            yield return (Path.Combine(folder, Folder, $"{figure.Name}.svg"), Encoding.UTF8.GetBytes(figure.Svg));
        }
    }
}
