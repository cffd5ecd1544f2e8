using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

public sealed class CompassTests(ITestOutputHelper output) : IDisposable
{
    private const string Real = "realgpu/LLMCompass/ae/figure5";

    private readonly MeasuredTables _tables = new();

    public void Dispose() => _tables.Dispose();

    [Fact]
    public void Products_norms_and_activations_have_their_sizes_and_times()
    {
        Measurement product = Assert.Single(MeasuredTables.Read(_tables.Write("matmul_X.csv", "64, 128, 256, 0.1900ms, 101.7Tflops")));
        Assert.Equal((64, 128, 256, 190_000.0), (product.Operators[0].Rows, product.Operators[0].Inputs, product.Operators[0].Outputs, product.Nanoseconds));

        // 1,000 numbers at 0.02 x 10^9 in a second.
        Measurement gelu = Assert.Single(MeasuredTables.Read(_tables.Write("gelu_X.csv", "1000, 0.02")));
        Assert.Equal((1000, 50_000.0), (gelu.Operators[0].Outputs, gelu.Nanoseconds));
        Measurement norm = Assert.Single(MeasuredTables.Read(_tables.Write("layernorm_X.csv", "50, 20, 0.02")));
        Assert.Equal((50, 20, NormKind.LayerNorm, 50_000.0), (norm.Operators[0].Rows, norm.Operators[0].Inputs, norm.Operators[0].Norm, norm.Nanoseconds));
        Measurement softmax = Assert.Single(MeasuredTables.Read(_tables.Write("softmax_X.csv", "50, 20, 0.02")));
        Assert.Equal((MeasurementClass.Softmax, true, 50_000.0), (softmax.Class, softmax.Unmatched is not null, softmax.Nanoseconds));
    }

    [Fact]
    public void The_real_products_have_the_rate_that_stands_beside_their_time()
    {
        string path = SharedData.Require($"{Real}/ab/real_hardware/matmul_A100.csv");
        Measurement[] read = MeasuredTables.Read(path);
        string[] lines = File.ReadAllLines(path);
        Assert.Equal(lines.Length, read.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            double rate = double.Parse(lines[i].Split(',')[4].Replace("Tflops", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(1, OperatorCost.Of(read[i].Operators[0]).Flops / read[i].Nanoseconds / 1000 / rate, 0.01);
        }
    }

    [Theory]
    [InlineData("ab/real_hardware/matmul_A100.csv", 312, 2039)]
    [InlineData("ab/real_hardware/matmul_MI210.csv", 181, 1638)]
    [InlineData("cf/real_hardware/softmax_A100.csv", 312, 2039)]
    [InlineData("de/real_hardware/layernorm_A100.csv", 312, 2039)]
    [InlineData("g/real_hardware/gelu_A100.csv", 312, 2039)]
    [InlineData("ijkl/real_hardware/transformer_A100.csv", 312, 2039)]
    [InlineData("ijkl/real_hardware/transformerAR_A100.csv", 312, 2039)]
    public void Every_row_of_a_real_file_is_read_and_possible(string file, int teraflops, int gigabytesPerSecond)
    {
        string path = SharedData.Require($"{Real}/{file}");
        Measurement[] read = MeasuredTables.Read(path);
        Assert.Equal(File.ReadLines(path).Count(line => line.Trim().Length > 0), read.Length);
        PlainSpeed.Check(read, teraflops, gigabytesPerSecond, output);
    }

    [Theory]
    [InlineData("matmul_X.csv", "64, 128, 256, 0.19s, 101.7Tflops", ":1: field 4 must be a number above 0 with 'ms' behind it")]
    [InlineData("matmul_X.csv", "64, 128, 0.19ms", ":1: 3 fields where 5 numbers are needed")]
    [InlineData("gelu_X.csv", "0, 1", ":1: field 1 must be a whole number from 1")]
    [InlineData("transformer_X.csv", "0.5", ":1: 1 times; a layer has 12")]
    public void What_is_wrong_is_named_with_file_and_line(string name, string line, string expected)
    {
        string path = _tables.Write(name, line);
        Assert.StartsWith(path + expected, Assert.Throws<PimSimUserException>(() => MeasuredTables.Read(path)).Message, StringComparison.Ordinal);
    }
}
