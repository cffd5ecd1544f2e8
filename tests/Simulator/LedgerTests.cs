using CsCheck;
using PimSim.Simulator.Kernel;
using Xunit;

namespace PimSim.Simulator.Tests;

public class LedgerTests
{
    [Fact]
    public void Rows_and_columns_add_up_to_the_same_total_exactly() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 2], Gen.Long[0, long.MaxValue]).Array[0, 100].Sample(entries =>
        {
            CostLedger ledger = new(4, ["t"], ["a", "b", "c"]);
            foreach ((int row, int column, long attojoules) in entries)
            {
                ledger.Add(row, column, new Energy(attojoules));
            }

            Int128 byRow = 0;
            Int128 byColumn = 0;
            for (int row = 0; row < 4; row++)
            {
                for (int column = 0; column < 3; column++)
                {
                    byRow += ledger.Energy(row, column).Attojoules;
                }
            }

            for (int column = 2; column >= 0; column--)
            {
                for (int row = 3; row >= 0; row--)
                {
                    byColumn += ledger.Energy(row, column).Attojoules;
                }
            }

            Assert.Equal(ledger.TotalEnergy.Attojoules, byRow);
            Assert.Equal(ledger.TotalEnergy.Attojoules, byColumn);
            Assert.Equal(entries.Aggregate(Int128.Zero, (sum, entry) => sum + entry.Item3), byRow);
        });

    [Fact]
    public void Power_times_time_is_exact() =>
        Assert.Equal((Int128)149_290 * 3_600_000_000_000_000, (new Power(149_290) * new Picoseconds(3_600_000_000_000_000)).Attojoules);

    [Fact]
    public void Negative_energy_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CostLedger(1, ["t"], ["e"]).Add(0, 0, new Energy(-1)));
}
