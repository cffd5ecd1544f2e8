using System.Runtime.CompilerServices;
using PimSim.Devices.Dram.Mapping;

namespace PimSim.Devices.Dram.Requests;

/// <summary>A line of a Ramulator 2 load/store trace: <c>LD 0x7f40</c> or <c>ST 32576</c>.</summary>
internal readonly struct LoadStoreLine(AddressMapping mapping) : ILineFormat
{
    private const ushort Load = 'L' | ('D' << 8);
    private const ushort Store = 'S' | ('T' << 8);

    private readonly AddressMapping _mapping = mapping;
    private readonly ulong _bytes = (ulong)mapping.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Read(ref byte start, nint at, long id, out DramRequest request)
    {
        Unsafe.SkipInit(out request);
        at = ByteScan.Blanks(ref start, at);
        ushort word = Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref start, at));
        bool isWrite = word == Store;
        if (((word != Load) & !isWrite) || (at = ByteScan.Separator(ref start, at + 2)) == 0)
        {
            return 0;
        }

        // An address without 0x is decimal.
        ulong address;
        if ((Unsafe.Add(ref start, at + 1) | 0x20) == 'x')
        {
            at = ByteScan.Hexadecimal(ref start, at, out address);
        }
        else
        {
            at = ByteScan.Decimal(ref start, at, out long signed);
            address = (ulong)signed;
        }

        if (at == 0 || address >= _bytes || (at = ByteScan.LineEnd(ref start, at)) == 0)
        {
            return 0;
        }

        ulong place = _mapping.MapPacked(address);
        request = new DramRequest(id, 0, AddressMapping.ChannelOf(place), AddressMapping.BankOf(place), AddressMapping.RowOf(place), AddressMapping.ColumnOf(place), isWrite);
        return at;
    }

    public string Explain(string line, long id)
    {
        string[] words = LineFaults.Words(line);
        return (words[0] is "LD" or "ST" ? null : $"'{words[0]}' is no operation; LD and ST are")
            ?? LineFaults.Count(line, words.Length, 2, "an operation and an address, such as 'LD 0x7f40',")
            ?? (words[1].StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? LineFaults.HexAddress(words[1], _mapping.Bytes) : LineFaults.DecimalAddress(words[1], _mapping.Bytes))
            ?? throw new InvalidOperationException($"'{line}' was refused without a reason");
    }
}
