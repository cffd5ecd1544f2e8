using CsCheck;
using PimSim.Traces.Training.Numerics;
using Xunit;

namespace PimSim.Traces.Training.Tests.Numerics;

/// <summary>Matrix products of any shape and layout against three loops.</summary>
public class MatrixProductTests
{
    [Fact]
    public void Every_shape_and_layout_gives_the_sums_of_products() =>
        Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 40], Gen.Int[0, 3], Gen.Int[0, 7], Gen.ULong).Sample((rows, columns, depth, gap, flags, seed) =>
        {
            Check<double>(rows, columns, depth, gap, flags, seed, 1e-13);
            Check<float>(rows, columns, depth, gap, flags, seed, 1e-5);
        }, iter: 300);

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        double[] data = new double[6];
        Assert.Throws<ArgumentException>(() => new MatrixProduct<double>().Compute(new MatrixView<double>(data, 2, 3), new MatrixView<double>(data, 2, 3), new MatrixView<double>(data, 2, 2), accumulate: false));
        Assert.Throws<ArgumentException>(() => new MatrixView<double>(data, 3, 3).Rows);
    }

    private static void Check<T>(int rows, int columns, int depth, int gap, int flags, ulong seed, double tolerance)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        SeededRandom random = new(seed);
        bool leftTransposed = (flags & 1) != 0;
        bool rightTransposed = (flags & 2) != 0;
        bool accumulate = (flags & 4) != 0;
        T[] a = Draw((rows + gap) * (depth + gap));
        T[] b = Draw((columns + gap) * (depth + gap));
        T[] c = Draw(rows * (columns + gap));
        T[] before = [.. c];
        MatrixView<T> left = leftTransposed ? new MatrixView<T>(a, depth, rows, rows + gap).Transposed : new MatrixView<T>(a, rows, depth, depth + gap);
        MatrixView<T> right = rightTransposed ? new MatrixView<T>(b, columns, depth, depth + gap).Transposed : new MatrixView<T>(b, depth, columns, columns + gap);
        new MatrixProduct<T>().Compute(left, right, new MatrixView<T>(c, rows, columns, columns + gap), accumulate);
        for (int i = 0; i < c.Length; i++)
        {
            int row = i / (columns + gap);
            int column = i % (columns + gap);
            if (column >= columns)
            {
                // Between the rows nothing is touched.
                Assert.Equal(before[i], c[i]);
                continue;
            }

            double sum = accumulate ? double.CreateChecked(before[i]) : 0;
            for (int k = 0; k < depth; k++)
            {
                double x = double.CreateChecked(leftTransposed ? a[(k * (rows + gap)) + row] : a[(row * (depth + gap)) + k]);
                double y = double.CreateChecked(rightTransposed ? b[(column * (depth + gap)) + k] : b[(k * (columns + gap)) + column]);
                sum += x * y;
            }

            Assert.Equal(sum, double.CreateChecked(c[i]), tolerance * (depth + 1));
        }

        T[] Draw(int length) => [.. Enumerable.Range(0, length).Select(_ => T.CreateChecked((2 * random.NextDouble()) - 1))];
    }
}
