using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>In which order the tokens of an image, or of the frames of a video, become final, and which of them at once.</summary>
public sealed class GridSchedule
{
    private GridSchedule(int frames, int rows, int columns, IEnumerable<ImmutableArray<int>> steps)
    {
        (Frames, Rows, Columns) = (frames, rows, columns);
        Steps = [.. steps];
    }

    /// <summary>Frames; 1 for an image.</summary>
    public int Frames { get; }

    /// <summary>Rows of tokens in a frame.</summary>
    public int Rows { get; }

    /// <summary>Tokens of a row.</summary>
    public int Columns { get; }

    /// <summary>The tokens of each step, by their numbers in raster order.</summary>
    public ImmutableArray<ImmutableArray<int>> Steps { get; }

    /// <summary>One token after the other.</summary>
    public static GridSchedule Raster(int frames, int rows, int columns) =>
        new(frames, rows, columns, Enumerable.Range(0, Size(frames, rows, columns)).Select(token => ImmutableArray.Create(token)));

    /// <summary>Step i has the tokens whose frame, row and column add up to i: of an n x n image 2n - 1 steps, 1, 2 ... n ... 2, 1 tokens wide.</summary>
    public static GridSchedule Diagonals(int frames, int rows, int columns)
    {
        Size(frames, rows, columns);
        return new(frames, rows, columns, Enumerable.Range(0, frames + rows + columns - 2).Select(sum => Diagonal(sum, frames, rows, columns)));
    }

    /// <summary>
    /// As many equal runs of the raster order as <paramref name="regions"/>: the first token of each alone, one after the other, then one token of
    /// each at once: regions + tokens / regions - 1 steps.
    /// </summary>
    /// <exception cref="PimSimUserException">The regions do not divide the tokens.</exception>
    public static GridSchedule Regions(int frames, int rows, int columns, int regions)
    {
        int size = Size(frames, rows, columns);
        if (regions < 1 || size % regions != 0)
        {
            throw new PimSimUserException($"{size} tokens cannot be shared out to {regions} equal regions");
        }

        int each = size / regions;
        IEnumerable<ImmutableArray<int>> first = Enumerable.Range(0, regions).Select(region => ImmutableArray.Create(region * each));
        return new(frames, rows, columns, first.Concat(Enumerable.Range(1, each - 1).Select(token => Enumerable.Range(0, regions).Select(region => (region * each) + token).ToImmutableArray())));
    }

    private static ImmutableArray<int> Diagonal(int sum, int frames, int rows, int columns)
    {
        ImmutableArray<int>.Builder tokens = ImmutableArray.CreateBuilder<int>();
        for (int frame = Math.Max(0, sum - rows - columns + 2); frame < Math.Min(frames, sum + 1); frame++)
        {
            for (int row = Math.Max(0, sum - frame - columns + 1); row < Math.Min(rows, sum - frame + 1); row++)
            {
                tokens.Add((((frame * rows) + row) * columns) + sum - frame - row);
            }
        }

        return tokens.ToImmutable();
    }

    private static int Size(int frames, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        return checked(frames * rows * columns);
    }
}
