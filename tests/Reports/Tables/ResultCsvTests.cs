using System.Globalization;
using CsCheck;
using PimSim.Experiments.Results;
using PimSim.Reports.Tables;
using Xunit;

namespace PimSim.Reports.Tests.Tables;

public class ResultCsvTests
{
    private static readonly ExperimentResult Sample = SampleResult.Small(SampleResult.Claims);

    [Fact]
    public void There_is_a_line_per_point_under_a_header_with_units()
    {
        List<List<string>> lines = CsvText.Parse(ResultCsv.Points(Sample));
        Assert.Equal(1 + Sample.Points.Count, lines.Count);
        Assert.Equal(
            [
                "model", "system", "parts", "changes", "parameters", "tokens", "elapsed_ps", "first_token_ps", "tokens_per_second", "milliseconds_per_token",
                "joules", "joules_per_token", "average_watts", "usd_per_million_tokens", "price_basis", "speed_up_of_reference_over_it",
                "energy_over_that_of_reference", "flops", "trace_bytes",
                .. SampleResult.PimTime.Concat(SampleResult.ProcessorTime).Select(name => $"time_{name}_ps"),
                .. SampleResult.PimEnergy.Concat(SampleResult.ProcessorEnergy).Select(name => $"energy_{name}_aJ"),
            ],
            lines[0]);
        Assert.All(lines, line => Assert.Equal(lines[0].Count, line.Count));
    }

    [Fact]
    public void Numbers_are_exact()
    {
        List<List<string>> lines = CsvText.Parse(ResultCsv.Points(Sample));
        foreach ((PointResult point, List<string> line) in Sample.Points.Zip(lines.Skip(1)))
        {
            string Field(string name) => line[lines[0].IndexOf(name)];
            Assert.Equal(point.TokensPerSecond, double.Parse(Field("tokens_per_second"), CultureInfo.InvariantCulture));
            Assert.Equal(point.JoulesPerToken, double.Parse(Field("joules_per_token"), CultureInfo.InvariantCulture));
            Assert.Equal(point.ElapsedPicoseconds, lines[0].Zip(line).Where(cell => cell.First.StartsWith("time_", StringComparison.Ordinal) && cell.Second.Length > 0)
                .Sum(cell => long.Parse(cell.Second, CultureInfo.InvariantCulture)));
            Assert.Equal(point.EnergyAttojoules.Values.Sum(row => row.Values.Sum()), lines[0].Zip(line)
                .Where(cell => cell.First.StartsWith("energy_", StringComparison.Ordinal) && cell.First.EndsWith("_aJ", StringComparison.Ordinal) && cell.Second.Length > 0)
                .Sum(cell => decimal.Parse(cell.Second, CultureInfo.InvariantCulture)));
            Assert.Equal(point.System == "pim-gpt", Field("time_launch_ps").Length == 0);
        }
    }

    [Fact]
    public void Any_text_comes_back_as_it_was() => Gen.String[Gen.OneOf(Gen.Char[" ,\"\r\n'a;"], Gen.Char.AlphaNumeric), 0, 12].Array[4].Sample(texts =>
    {
        PointResult point = Sample.Points[0] with { Model = texts[0], System = texts[1], Parts = [texts[2]], PriceBasis = texts[3] };
        List<string> line = CsvText.Parse(ResultCsv.Points(Sample with { Points = [point] }))[1];
        Assert.Equal<IEnumerable<string>>(texts, [line[0], line[1], line[2], line[14]]);
    });

    [Fact]
    public void Claims_have_exactly_the_columns_agreed_on()
    {
        List<List<string>> lines = CsvText.Parse(ResultCsv.Claims(Sample.Claims));
        Assert.Equal(["paper", "claim", "class", "published", "simulated", "ratio", "note"], lines[0]);
        Assert.Equal(["PIM-GPT", "speed-up over t4, geometric mean", "shape", "41 to 137", "44.25 to 101.5", "0.9513", "met; in x; geometric mean 71.30; section 6.2, figure 8"], lines[1]);
        Assert.Equal("energy over the CPU's, \"all\" models", lines[2][1]);
    }
}
