using PimSim.Reports.Figures;

namespace PimSim.Reports.Training;

/// <summary>The figure of docs/builtin-model.md: how the loss of the built-in models fell.</summary>
public static class LossCurveFigure
{
    /// <summary>Draws it.</summary>
    /// <param name="curves">One for each model, at least one.</param>
    /// <param name="origin">What trained them, for the footer.</param>
    public static RenderedFigure Render(IReadOnlyList<LossSeries> curves, string origin)
    {
        const string title = "Loss of the built-in models";
        (byte[] png, string svg) = new FigurePage(new FigureTexts(title, "generated text, no window seen twice", origin), new LossCurveChart(curves)).Render();
        return new RenderedFigure("builtin-model-loss", title, "Dashed: training, mean since the point before; solid: held-out text of the same generator.", png, svg, IsWide: false);
    }
}
