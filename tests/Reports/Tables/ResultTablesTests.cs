using System.Globalization;
using CsCheck;
using PimSim.Experiments.Results;
using PimSim.Reports.Tables;
using Xunit;

namespace PimSim.Reports.Tests.Tables;

public class ResultTablesTests
{
    private static readonly ExperimentResult Sample = SampleResult.Small(SampleResult.Claims);

    [Fact]
    public void The_main_table_has_speed_energy_price_and_the_reference_against_each()
    {
        ReportTable table = ResultTables.Main(Sample);
        Assert.Equal(
            ["model", "system", "tokens/s", "ms/token", "J/token", "$/Mtok", "speed-up of pim-gpt over it", "its energy over that of pim-gpt"],
            table.Columns.Select(column => column.Header));
        Assert.Equal(9, table.Rows.Count);

        // 310 us per token on PIM, 57 times that on the T4; 12 mJ x 7.3 on PIM, 12 mJ x (1 + 57 x 6.3) on the T4; 0.526 $/h.
        Assert.Equal(["gpt2-small", "pim-gpt", "3226", "0.3100", "0.08760", "0.0008611", "1.000", "1.000"], table.Rows[0]);
        Assert.Equal(["gpt2-small", "t4", "56.59", "17.67", "4.321", "2.582", "57.00", "49.33"], table.Rows[1]);
        Assert.Equal([false, false, true, true, true, true, true, true], table.Columns.Select(column => column.IsNumber));
    }

    [Fact]
    public void Without_the_reference_there_is_nothing_to_compare_with()
    {
        Assert.Equal(6, ResultTables.Main(Sample with { Reference = "absent" }).Columns.Count);
        ExperimentResult partial = Sample with { Points = [.. Sample.Points.Where(point => point.Model != "gpt2-xl" || point.System != "pim-gpt")] };
        Assert.Equal(["n/a", "n/a"], ResultTables.Main(partial).Rows.Single(row => row[0] == "gpt2-xl" && row[1] == "t4").Skip(6));
    }

    [Fact]
    public void The_printed_bound_and_losses_add_up_to_the_printed_time_per_token() =>
        Gen.Select(Gen.Long[0, 3_000_000_000_000].Array[8], Gen.Long[1, 5000]).Sample((parts, tokens) =>
        {
            PointResult point = Sample.Points[0] with
            {
                Tokens = tokens,
                ElapsedPicoseconds = parts.Sum(),
                TimePicoseconds = new Dictionary<string, IReadOnlyDictionary<string, long>>
                {
                    ["Attention"] = SampleResult.PimTime.Zip(parts).ToDictionary(pair => pair.First, pair => pair.Second),
                },
            };
            string[] row = [.. ResultTables.Accounting(Sample with { Points = [point] })!.Rows.Single()];
            decimal[] printed = [.. row.Skip(2).Take(9).Select(text => decimal.Parse(text, CultureInfo.InvariantCulture))];
            Assert.Equal(printed[8], printed.Take(8).Sum());
            Assert.Equal((double)parts.Sum() / tokens * 1e-6, (double)printed[8], 0.0051);
            Assert.All(parts.Zip(printed), pair => Assert.Equal((double)pair.First / tokens * 1e-6, (double)pair.Second, 0.0101));
        });

    [Fact]
    public void The_accounting_is_of_PIM_systems_only()
    {
        Assert.All(ResultTables.Accounting(Sample)!.Rows, row => Assert.Equal("pim-gpt", row[1]));
        Assert.Equal("= us/token", ResultTables.Accounting(Sample)!.Columns[^2].Header);
        Assert.Equal("61.0", ResultTables.Accounting(Sample)!.Rows[0][^1]);
        Assert.Null(ResultTables.Accounting(Sample with { Points = [.. Sample.Points.Where(point => point.System == "t4")] }));
    }

    [Fact]
    public void A_claim_stands_beside_what_was_simulated()
    {
        Assert.Equal(
            ["PIM-GPT", "speed-up over t4, geometric mean", "shape", "41x to 137x", "44.25x to 101.5x", "71.30x", "0.951", "met", "section 6.2, figure 8"],
            ResultTables.Claims(Sample.Claims)!.Rows[0]);
        ClaimResult single = SampleResult.Claims[0] with { PublishedLow = 0.16, PublishedHigh = 0.16, Unit = "%" };
        Assert.Equal("0.16%", ResultTables.Claims([single])!.Rows[0][3]);
        Assert.Null(ResultTables.Claims([]));
    }
}
