using System.Globalization;
using PimSim.Devices.Asic;
using Xunit;

namespace PimSim.Devices.Tests.Asic;

public class DocumentedTableTests(ITestOutputHelper output)
{
    private static readonly SeriesPrecision[] Precisions = [new(1, 1, 0), new(2, 1, 1), new(3, 2, 1), new(4, 2, 2), new(5, 3, 2), new(6, 3, 3)];

    [Fact]
    public void The_table_of_errors_in_the_documentation_is_the_one_measured_here()
    {
        string table = ErrorTable();
        output.WriteLine(table);
        Assert.Contains(table, Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_of_costs_in_the_documentation_is_the_one_of_the_shipped_asic()
    {
        string table = CostTable();
        output.WriteLine(table);
        Assert.Contains(table, Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_precision_of_the_shipped_asic_is_the_least_that_stays_below_half_a_bf16_unit()
    {
        const double HalfUnit = 1.0 / 512;
        SeriesPrecision shipped = ShippedAsic.Read().Precision;

        Assert.True(FunctionErrors.OfExp(shipped.TaylorDegree) < HalfUnit);
        Assert.True(FunctionErrors.OfExp(shipped.TaylorDegree - 1) >= HalfUnit);
        Assert.True(FunctionErrors.OfReciprocal(shipped.ReciprocalNewtonSteps) < HalfUnit);
        Assert.True(FunctionErrors.OfReciprocal(shipped.ReciprocalNewtonSteps - 1) >= HalfUnit);
        Assert.True(FunctionErrors.OfInverseSqrt(shipped.InverseSqrtNewtonSteps) < HalfUnit);
        Assert.True(FunctionErrors.OfInverseSqrt(shipped.InverseSqrtNewtonSteps - 1) >= HalfUnit);
        Assert.True(FunctionErrors.OfTanh(shipped) < HalfUnit);
        Assert.True(FunctionErrors.OfGelu(shipped) < HalfUnit);
        Assert.True(FunctionErrors.OfSilu(shipped) < HalfUnit);
        Assert.True(FunctionErrors.OfSoftmax(shipped) < HalfUnit);
        Assert.True(FunctionErrors.OfLayerNorm(shipped) < HalfUnit);
    }

    private static string CostTable()
    {
        AsicConfiguration shipped = ShippedAsic.Read();
        AsicModel model = new(shipped);
        List<string> lines =
        [
            "| function of 1024 elements | adds | multiplies | cycles | dynamic energy |",
            "| --- | --- | --- | --- | --- |",
        ];
        (string Name, AsicCost Cost)[] functions =
        [
            ("softmax", model.Softmax(1, 1024)),
            ("layer norm", model.LayerNorm(1, 1024)),
            ("RMS norm", model.RmsNorm(1, 1024)),
            ("GELU", model.Gelu(1024)),
            ("ReLU", model.Relu(1024)),
            ("SwiGLU", model.SwiGlu(1024)),
            ("GeGLU", model.GeGlu(1024)),
            ("add", model.Add(1024)),
            ("arg max", model.ArgMax(1, 1024)),
            ("rope", model.Rope(1024)),
        ];
        lines.AddRange(functions.Select(function =>
        {
            IReadOnlyList<OperationCount> stages = OperationProfile.Count(shipped.Precision, CountedFunctions.All[function.Name], 1024);
            double nanojoules = function.Cost.DynamicEnergy.Joules * 1e9;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"| {function.Name} | {stages.Sum(stage => stage.Adds)} | {stages.Sum(stage => stage.Multiplies)} | {function.Cost.Cycles.Value} | {nanojoules:F2} nJ |");
        }));
        return string.Join('\n', lines);
    }

    private static string ErrorTable()
    {
        List<string> lines =
        [
            "| degree or steps | exp | 1/x | 1/sqrt(x) |",
            "| --- | --- | --- | --- |",
        ];
        for (int n = 0; n <= 7; n++)
        {
            string exp = n == 0 ? "" : Show(FunctionErrors.OfExp(n));
            string reciprocal = n > 4 ? "" : Show(FunctionErrors.OfReciprocal(n));
            string inverseSqrt = n > 4 ? "" : Show(FunctionErrors.OfInverseSqrt(n));
            lines.Add($"| {n} | {exp} | {reciprocal} | {inverseSqrt} |");
        }

        lines.AddRange(
        [
            "",
            "| Taylor degree, 1/x steps, 1/sqrt steps | tanh | GELU | SiLU | softmax | layer norm |",
            "| --- | --- | --- | --- | --- | --- |",
        ]);
        lines.AddRange(Precisions.Select(p =>
            $"| {p.TaylorDegree}, {p.ReciprocalNewtonSteps}, {p.InverseSqrtNewtonSteps} | {Show(FunctionErrors.OfTanh(p))} | {Show(FunctionErrors.OfGelu(p))} | {Show(FunctionErrors.OfSilu(p))} | {Show(FunctionErrors.OfSoftmax(p))} | {Show(FunctionErrors.OfLayerNorm(p))} |"));
        return string.Join('\n', lines);
    }

    // What is left below this is the rounding of single precision.
    private static string Show(double error) => error < 5e-7 ? "< 5e-7" : error.ToString("0.0e-0", CultureInfo.InvariantCulture);

    private static string Page() => File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "asic.md"));
}
