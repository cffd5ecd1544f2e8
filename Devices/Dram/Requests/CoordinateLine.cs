using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Requests;

/// <summary>A line of coordinates: <c>0,120,R,0,1,2,100,64</c> for id, arrival, operation, rank, bank group, bank, row and burst,
/// with or without a channel before the rank.</summary>
internal struct CoordinateLine(DramOrganization organization, int channels, bool hasChannel) : ILineFormat
{
    private readonly DramOrganization _organization = organization;
    private readonly int _ranks = organization.TotalRanks;
    private readonly int _bankGroups = organization.BankGroups;
    private readonly int _banks = organization.BanksPerGroup;
    private readonly int _rows = organization.Rows;
    private readonly int _columns = organization.AccessesPerRow;
    private readonly int _channels = channels;
    private readonly bool _hasChannel = hasChannel;
    private long _last;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Read(ref byte start, nint at, long id, out DramRequest request)
    {
        Unsafe.SkipInit(out request);
        at = ByteScan.Decimal(ref start, ByteScan.Blanks(ref start, at), out long given);
        if (at == 0 || given != id || (at = Field(ref start, at, out long arrival)) == 0 || arrival < _last || Unsafe.Add(ref start, at) != (byte)',')
        {
            return 0;
        }

        byte letter = Unsafe.Add(ref start, at + 1);
        bool isWrite = letter == (byte)'W';
        if ((letter != (byte)'R') & !isWrite)
        {
            return 0;
        }

        at += 2;
        long channel = 0;
        if (_hasChannel && ((at = Field(ref start, at, out channel)) == 0 || channel >= _channels))
        {
            return 0;
        }

        if ((at = Field(ref start, at, out long rank)) == 0
            || (at = Field(ref start, at, out long bankGroup)) == 0
            || (at = Field(ref start, at, out long bank)) == 0
            || (at = Field(ref start, at, out long row)) == 0
            || (at = Field(ref start, at, out long column)) == 0
            || (at = ByteScan.LineEnd(ref start, at)) == 0
            || rank >= _ranks || bankGroup >= _bankGroups || bank >= _banks || row >= _rows || column >= _columns)
        {
            return 0;
        }

        _last = arrival;
        request = new DramRequest(id, arrival, (int)channel, (int)((((rank * _bankGroups) + bankGroup) * _banks) + bank), (int)row, (int)column, isWrite);
        return at;
    }

    public readonly string Explain(string line, long id)
    {
        string[] words = line.Split(',');
        int levels = _hasChannel ? 4 : 3;
        return LineFaults.Count(line, words.Length, levels + 5, _hasChannel ? "id,arrival,op,channel,rank,bankgroup,bank,row,col" : "id,arrival,op,rank,bankgroup,bank,row,col")
            ?? LineFaults.Number(words[0], "id", out long given)
            ?? (given == id ? null : $"id {given} is not {id}; requests are numbered from 0")
            ?? LineFaults.Arrival(words[1], _last)
            ?? (words[2] is "R" or "W" ? null : $"'{words[2]}' is no operation; R and W are")
            ?? (_hasChannel ? LineFaults.Coordinate(words[3], "channel", _channels) : null)
            ?? LineFaults.Coordinate(words[levels], "rank", _organization.TotalRanks)
            ?? LineFaults.Coordinate(words[levels + 1], "bankgroup", _bankGroups)
            ?? LineFaults.Coordinate(words[levels + 2], "bank", _banks)
            ?? LineFaults.Coordinate(words[levels + 3], "row", _rows)
            ?? LineFaults.Coordinate(words[levels + 4], "col", _columns)
            ?? throw new InvalidOperationException($"'{line}' was refused without a reason");
    }

    // A comma and a number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Field(ref byte start, nint at, out long value)
    {
        value = 0;
        return Unsafe.Add(ref start, at) == (byte)',' ? ByteScan.Decimal(ref start, at + 1, out value) : 0;
    }
}
