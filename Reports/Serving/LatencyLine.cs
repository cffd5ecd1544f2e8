using PimSim.Simulator.Kernel;
using ScottPlot;

namespace PimSim.Reports.Serving;

/// <summary>Times of many requests as a cumulative distribution.</summary>
/// <param name="Name">What the legend says.</param>
/// <param name="Fill">Its colour.</param>
/// <param name="SortedNanoseconds">At least one, each above 0, in rising order.</param>
internal sealed record LatencyLine(string Name, Color Fill, double[] SortedNanoseconds)
{
    // More corners than pixels of the chart show nothing more.
    private const int MostCorners = 600;

    /// <summary>A line of some times; null if none is above 0.</summary>
    public static LatencyLine? Of(string name, Color fill, IEnumerable<Picoseconds> times)
    {
        double[] sorted = [.. times.Where(time => time.Value > 0).Select(time => time.Value / 1e3).Order()];
        return sorted.Length == 0 ? null : new(name, fill, sorted);
    }

    /// <summary>Time and the part of all that need no more, from 0 to 1, as the corners of a staircase.</summary>
    public IReadOnlyList<(double Nanoseconds, double Part)> Corners()
    {
        int count = SortedNanoseconds.Length;
        int steps = Math.Min(count, MostCorners);
        List<(double Nanoseconds, double Part)> corners = [(SortedNanoseconds[0], 0)];
        for (int step = 1; step <= steps; step++)
        {
            int rank = (int)((long)step * count / steps);
            double time = SortedNanoseconds[rank - 1];
            corners.Add((time, corners[^1].Part));
            corners.Add((time, (double)rank / count));
        }

        return corners;
    }
}
