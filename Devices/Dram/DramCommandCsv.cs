using System.Text;

namespace PimSim.Devices.Dram;

/// <summary>
/// Writes commands as CSV, <c>cycle,cmd,channel,rank,bankgroup,bank,row,col</c>, with -1 where a command has no such number, in
/// the order in which they come.
/// </summary>
public sealed class DramCommandCsv : IDisposable
{
    private static readonly byte[][] Names = [.. DramCommands.Names.Select(Encoding.ASCII.GetBytes)];

    private readonly CsvBytes _csv;
    private readonly DramOrganization _organization;

    /// <summary>Starts with the header.</summary>
    public DramCommandCsv(Stream stream, DramOrganization organization)
    {
        _csv = new CsvBytes(stream);
        _organization = organization;
        _csv.Word("cycle,cmd,channel,rank"u8, (byte)',');
        _csv.Word("bankgroup,bank,row,col"u8, (byte)'\n');
    }

    /// <summary>Writes a command. Its bank is -1, or any of the rank, if it is to all banks or none.</summary>
    public void Add(int channel, long cycle, DramCommand command, int bank, int row, int column)
    {
        bool wholeRank = bank < 0 || command is DramCommand.PREA or DramCommand.REFab;
        _csv.Number(cycle, (byte)',');
        _csv.Word(Names[(int)command], (byte)',');
        _csv.Number(channel, (byte)',');
        _csv.Number(_organization.RankOf(Math.Max(bank, 0)), (byte)',');
        _csv.Number(wholeRank || command == DramCommand.REFsb ? -1 : _organization.BankGroupOf(bank), (byte)',');
        _csv.Number(wholeRank ? -1 : _organization.BankInGroupOf(bank), (byte)',');
        _csv.Number(row, (byte)',');
        _csv.Number(column, (byte)'\n');
    }

    /// <inheritdoc/>
    public void Dispose() => _csv.Dispose();
}
