using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Pim;

namespace PimSim.Devices.Tests.Pim;

/// <summary>Random work for a channel: every kind of stream that the mappings make, and some that they do not.</summary>
internal static class RandomPrograms
{
    private static readonly Gen<PimInstruction> Instruction = Gen.OneOf(
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 63], Gen.Int[1, 1500]).Select((row, column, count) => PimInstruction.Stream(DramCommand.MACAB, row, column, count)),
        Gen.Select(Gen.Int[0, 40], Gen.Int[100, 400]).Select((row, rows) => PimInstruction.Stream(DramCommand.MACAB, row, 0, rows * 64)),
        Gen.Select(Gen.Int[0, 15], Gen.Int[0, 40], Gen.Int[0, 63], Gen.Int[1, 100]).Select((bank, row, column, count) => PimInstruction.StreamBank(DramCommand.WR, bank, row, column, count)),
        Gen.Select(Gen.Int[0, 15], Gen.Int[0, 40], Gen.Int[0, 63], Gen.Int[1, 100]).Select((bank, row, column, count) => PimInstruction.StreamBank(DramCommand.RD, bank, row, column, count)),
        Gen.Select(Gen.Int[0, 15], Gen.Int[0, 40], Gen.Int[0, 63], Gen.Int[1, 20]).Select((bank, row, column, count) => PimInstruction.StreamBank(DramCommand.MACSB, bank, row, column, count)),
        Gen.Select(Gen.Int[0, 40], Gen.Int[1, 3], Gen.Int[1, 80], Gen.Int[0, 63]).Select((row, stride, rows, column) => PimInstruction.WriteColumns(row, stride, rows, column)),
        Gen.Int[1, 64].Select(count => PimInstruction.Transfer(DramCommand.WRGB, count)),
        Gen.Int[1, 32].Select(count => PimInstruction.Transfer(DramCommand.RDMAC, count)),
        Gen.Int[1, 4].Select(count => PimInstruction.Transfer(DramCommand.WRBIAS, count)),
        Gen.Const(PimInstruction.Close()));

    /// <summary>Programs that begin and end with all banks closed, each with the idle time before it.</summary>
    public static Gen<(PimInstruction[] Program, int IdleCycles)[]> Sequence { get; } =
        Gen.Select(Instruction.Array[1, 12].Select(body => body.Append(PimInstruction.Close()).ToArray()), Gen.OneOf(Gen.Int[0, 50], Gen.Int[0, 20_000])).Array[1, 6];
}
