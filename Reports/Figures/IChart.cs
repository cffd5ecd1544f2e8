using ScottPlot;

namespace PimSim.Reports.Figures;

/// <summary>What a <see cref="FigurePage"/> draws.</summary>
internal interface IChart
{
    /// <summary>What the legend lists.</summary>
    IReadOnlyList<ChartSeries> Series { get; }

    /// <summary>The legend stands at the right, in the order of a stack, not above.</summary>
    bool LegendAtRight { get; }

    /// <summary>Finds room for the chart and its axes with this many pixels taken at the right of it.</summary>
    IChartLayout LayOut(float takenAtRight);
}

/// <summary>A chart with the room that it and its axes take, in pixels of the page.</summary>
internal interface IChartLayout
{
    /// <summary>Width of the chart with its axes.</summary>
    float Width { get; }

    /// <summary>Height of the chart with its axes.</summary>
    float Height { get; }

    /// <summary>Middle of the area that holds the data, from the top of the chart.</summary>
    float DataMiddle { get; }

    /// <summary>Puts axes and data on an empty plot.</summary>
    void ApplyTo(Plot plot);
}
