using CsCheck;
using PimSim.Traces.Cuda.Memory;
using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Kernels;

/// <summary>Products and look-ups of packed weights against loops in double precision.</summary>
public class LinearTests
{
    private sealed record Case(int Seed, DataType Type, int Rows, int Outputs, int GroupSize, int Groups, bool Bias);

    private static readonly Gen<Case> Any =
        from seed in Gen.Int
        from type in PackedWeights.AnyType
        from rows in Gen.OneOf(Gen.Const(1), Gen.Int[2, 8], Gen.Int[9, 37])
        from outputs in Gen.Int[1, 40]
        from groupSize in Gen.OneOf(Gen.Int[1, 90], Gen.Const(16), Gen.Const(32), Gen.Const(64))
        from groups in Gen.Int[1, 3]
        from bias in Gen.Bool
        select new Case(seed, type, rows, outputs, groupSize, groups, bias);

    public static TheoryData<string> Devices => TestDevices.All;

    /// <summary>One row, several and many: three kernels for each storage.</summary>
    public static MatrixTheoryData<DataType, int> EveryKernel => new([.. PackedWeights.Types], [1, 5, 70]);

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_product_is_the_sum_of_products_of_what_is_stored(string name) => Any.Sample(name, c => Check(TestDevices.Get(name), c));

    [Theory]
    [MemberData(nameof(EveryKernel))]
    public void So_it_is_in_every_kernel_with_as_many_threads_as_a_GPU_has(DataType type, int rows) =>
        Check(TestDevices.Get(TestDevices.GpuSized), new Case((100 * (int)type) + rows, type, rows, 70, 64, 3, true));

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_look_up_gives_the_stored_row(string name)
    {
        CudaDevice device = TestDevices.Get(name);
        Any.Sample(name, c =>
        {
            using DeviceData data = new(device);
            Random random = new(c.Seed);
            int width = c.GroupSize * c.Groups;
            var weights = PackedWeights.Random(random, c.Type, c.Outputs, width, c.Type >= DataType.Int8 ? c.GroupSize : 0);
            DeviceMatrix table = data.Own(new DeviceMatrix(device, weights.Tensor));
            int[] numbers = [.. Enumerable.Range(0, c.Rows).Select(_ => random.Next(c.Outputs))];
            CudaTensor result = data.Empty(c.Rows, width);
            data.Launcher.Gather(data.Upload(numbers), table, result);

            double[,] expected = new double[c.Rows, width];
            for (int row = 0; row < c.Rows; row++)
            {
                for (int column = 0; column < width; column++)
                {
                    expected[row, column] = weights.Values[numbers[row], column];
                }
            }

            // Only a scale can round.
            Close.Check(expected, data.Read(result), (row, column) => Close.Epsilon * Math.Abs(expected[row, column]));
        });
    }

    private static void Check(CudaDevice device, Case c)
    {
        using DeviceData data = new(device);
        Random random = new(c.Seed);
        int inputs = c.GroupSize * c.Groups;
        var weights = PackedWeights.Random(random, c.Type, c.Outputs, inputs, c.Type >= DataType.Int8 ? c.GroupSize : 0);
        double[,] input = Close.Random(random, c.Rows, inputs);
        double[] bias = [.. Enumerable.Range(0, c.Outputs).Select(_ => (double)(float)random.NextDouble())];

        DeviceMatrix matrix = data.Own(new DeviceMatrix(device, weights.Tensor));
        CudaTensor result = data.Empty(c.Rows, c.Outputs);
        data.Launcher.Linear(data.Tensor(input), matrix, c.Bias ? data.Vector(bias) : null, result);

        double[,] expected = new double[c.Rows, c.Outputs];
        double[,] magnitude = new double[c.Rows, c.Outputs];
        for (int row = 0; row < c.Rows; row++)
        {
            for (int output = 0; output < c.Outputs; output++)
            {
                expected[row, output] = c.Bias ? bias[output] : 0;
                magnitude[row, output] = Math.Abs(expected[row, output]);
                for (int column = 0; column < inputs; column++)
                {
                    expected[row, output] += input[row, column] * weights.Values[output, column];
                    magnitude[row, output] += Math.Abs(input[row, column] * weights.Values[output, column]);
                }
            }
        }

        // Each product is rounded (twice with a scale), and no sum has more terms than columns, in whatever order.
        Close.Check(expected, data.Read(result), (row, output) => (inputs + 3) * Close.Epsilon * magnitude[row, output]);
    }
}
