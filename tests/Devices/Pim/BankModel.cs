using PimSim.Devices.Pim;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

/// <summary>The cells of all banks as integers. What was never written holds rubbish that would show in any sum.</summary>
internal sealed class BankModel(PimMemory memory, long rowsPerBank)
{
    private const long Rubbish = 1_000_000_007;

    private readonly Dictionary<(int Channel, int Bank, long Column, int Lane), long> _cells = [];

    /// <summary>Writes one element, which nobody may have written before.</summary>
    public void Write(int channel, int bank, long column, int lane, long value)
    {
        Assert.InRange(column, 0, (rowsPerBank * memory.Channel.Organization.ColumnsPerRow) - 1);
        Assert.True(_cells.TryAdd((channel, bank, column, lane), value), "a cell is written twice");
    }

    /// <summary>What a bank's accumulator holds after multiplying the columns of a result with the buffer.</summary>
    public long Dot(int channel, int bank, WalkedResult result, long[] buffer)
    {
        long sum = 0;
        Assert.InRange(result.FirstColumn + result.Columns, 1, rowsPerBank * memory.Channel.Organization.ColumnsPerRow);
        for (int i = 0; i < result.Columns; i++)
        {
            for (int lane = 0; lane < memory.MultipliersPerBank; lane++)
            {
                long cell = _cells.GetValueOrDefault((channel, bank, result.FirstColumn + i, lane), Rubbish);
                sum += cell * buffer[((result.Offset + i) * memory.MultipliersPerBank) + lane];
            }
        }

        return sum;
    }
}
