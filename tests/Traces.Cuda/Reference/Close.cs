using System.Globalization;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Reference;

/// <summary>Comparisons with a bound for each number.</summary>
internal static class Close
{
    /// <summary>Half a unit in the last place of a single, relative.</summary>
    public const double Epsilon = 1.0 / (1 << 24);

    public static void Check(double[,] expected, float[,] actual, Func<int, int, double> bound)
    {
        Assert.Equal((expected.GetLength(0), expected.GetLength(1)), (actual.GetLength(0), actual.GetLength(1)));
        for (int row = 0; row < expected.GetLength(0); row++)
        {
            for (int column = 0; column < expected.GetLength(1); column++)
            {
                double error = Math.Abs(expected[row, column] - actual[row, column]);
                Assert.True(
                    error <= bound(row, column),
                    string.Create(CultureInfo.InvariantCulture, $"[{row}, {column}] is {actual[row, column]:R}, not {expected[row, column]:R}: off by {error:G3}, {bound(row, column):G3} allowed"));
            }
        }
    }

    public static double[,] Random(Random random, int rows, int columns, double size = 1)
    {
        double[,] values = new double[rows, columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                values[row, column] = (float)(size * ((2 * random.NextDouble()) - 1));
            }
        }

        return values;
    }
}
