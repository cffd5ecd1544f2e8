using System.Numerics.Tensors;
using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>What a cycle of a channel was spent on.</summary>
public enum CycleUse
{
    /// <summary>Multiply-accumulate at the full rate of the banks.</summary>
    Mac,

    /// <summary>Waiting for rows to close and open.</summary>
    RowOpening,

    /// <summary>Refresh.</summary>
    Refresh,

    /// <summary>Vectors to the global buffer, results from the accumulators.</summary>
    VectorTransfer,

    /// <summary>Changing between DRAM access and buffer access.</summary>
    ModeChange,

    /// <summary>Reads and writes of the banks through the channel's pins.</summary>
    BankAccess,
}

/// <summary>
/// Counts of one channel: commands by kind, cycles by use, and bank-cycles with an open row. One flat array, so that a
/// period of commands is skipped by adding a multiple of a difference.
/// </summary>
public sealed class ChannelCounters
{
    /// <summary>Number of cycle uses.</summary>
    public const int Uses = (int)CycleUse.BankAccess + 1;

    private const int FirstUse = DramCommands.Count;
    private const int OpenBankIndex = FirstUse + Uses;
    private const int Length = OpenBankIndex + 1;

    private readonly long[] _values = new long[Length];

    /// <summary>Sum over banks of the cycles in which the bank had a row open.</summary>
    public long OpenBankCycles => _values[OpenBankIndex];

    /// <summary>Commands issued.</summary>
    public long Commands(DramCommand command) => _values[(int)command];

    /// <summary>Cycles spent.</summary>
    public long CyclesOf(CycleUse use) => _values[FirstUse + (int)use];

    /// <summary>Sets all counts to 0.</summary>
    public void Clear() => Array.Clear(_values);

    /// <summary>Takes over another channel's counts.</summary>
    public void CopyFrom(ChannelCounters other) => other._values.CopyTo(_values, 0);

    /// <summary>Adds <paramref name="times"/> the difference of two counts.</summary>
    public void AddDifference(ChannelCounters later, ChannelCounters earlier, long times)
    {
        for (int i = 0; i < Length; i++)
        {
            _values[i] += (later._values[i] - earlier._values[i]) * times;
        }
    }

    /// <summary>Adds another channel's counts <paramref name="times"/> over.</summary>
    public void Add(ChannelCounters other, long times) => TensorPrimitives.MultiplyAdd(other._values, times, _values, _values);

    internal void CountCommands(DramCommand command, long count) => _values[(int)command] += count;

    internal void CountCycles(CycleUse use, long cycles) => _values[FirstUse + (int)use] += cycles;

    internal void CountOpenBanks(long bankCycles) => _values[OpenBankIndex] += bankCycles;
}
