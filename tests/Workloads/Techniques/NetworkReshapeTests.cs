using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques;

public class NetworkReshapeTests
{
    [Fact]
    public void The_numbers_keep_their_order()
    {
        using CpuNetwork net = new(1);
        float[] numbers = [.. Enumerable.Range(0, 24).Select(index => (float)index)];
        net.BeginBlock();
        CpuTensor input = net.Input(4, 6, numbers);
        Assert.Equal(numbers, Numbers(net, net.Reshape(input, 2)));
        Assert.Equal(numbers, Numbers(net, net.Reshape(net.Reshape(input, 8), 1)));

        // Of some columns, and of the last rows, the numbers do not lie beside each other.
        float[] inner = [.. numbers.Where((_, index) => index % 6 is 2 or 3)];
        Assert.Equal(inner, Numbers(net, net.Reshape(net.Columns(input, 2, 2), 2)));
        Assert.Equal([.. numbers[6..12], .. numbers[18..]], Numbers(net, net.Reshape(net.LastRows(input, 2), 3)));
    }

    [Fact]
    public void Rows_that_do_not_divide_are_refused()
    {
        ShapeNetwork net = new(DataType.Fp16);
        ShapeTensor input = net.Input(4, 6, []);
        Assert.Equal((3, 8), (net.Reshape(input, 3).Rows, net.Reshape(input, 3).Columns));
        Assert.Throws<ArgumentException>(() => net.Reshape(input, 5));
        Assert.Throws<ArgumentException>(() => net.Reshape(input, 0));
    }

    private static float[] Numbers(CpuNetwork net, CpuTensor tensor)
    {
        List<float> all = [];
        for (int row = 0; row < tensor.Rows; row++)
        {
            all.AddRange(net.Row(tensor, row));
        }

        return [.. all];
    }
}
