using System.Runtime.CompilerServices;
using PimSim.Devices.Dram.Mapping;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Requests;

/// <summary>A line of a DRAMsim3 trace: <c>0x7f40 READ 120</c>.</summary>
internal struct DramSim3Line(AddressMapping mapping) : ILineFormat
{
    // READ and WRIT as they lie in memory.
    private const uint Read4 = 'R' | ('E' << 8) | ('A' << 16) | ((uint)'D' << 24);
    private const uint Writ4 = 'W' | ('R' << 8) | ('I' << 16) | ((uint)'T' << 24);

    // All words that DRAMsim3 tells apart, and the reads that go with them in traces.
    private static readonly string[] Reads = ["READ", "read", "P_MEM_RD", "P_FETCH"];
    private static readonly string[] Writes = ["WRITE", "write", "P_MEM_WR", "BOFF"];

    private static readonly string[][] Operations = [Reads, Writes];

    private readonly AddressMapping _mapping = mapping;
    private readonly ulong _bytes = (ulong)mapping.Bytes;
    private long _last;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Read(ref byte start, nint at, long id, out DramRequest request)
    {
        Unsafe.SkipInit(out request);
        at = ByteScan.Hexadecimal(ref start, ByteScan.Blanks(ref start, at), out ulong address);
        if (at == 0 || address >= _bytes || (at = ByteScan.Separator(ref start, at)) == 0)
        {
            return 0;
        }

        // READ and WRITE alternate at random: nothing may branch on which it is.
        uint word = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, at));
        bool isWrite = (word == Writ4) & (Unsafe.Add(ref start, at + 4) == (byte)'E');
        if ((word == Read4) | isWrite)
        {
            at += 4 + Unsafe.BitCast<bool, byte>(isWrite);
        }
        else if ((at = OtherWord(ref start, at, out isWrite)) == 0)
        {
            return 0;
        }

        at = ByteScan.Separator(ref start, at);
        if (at == 0 || (at = ByteScan.Decimal(ref start, at, out long cycle)) == 0 || cycle < _last || (at = ByteScan.LineEnd(ref start, at)) == 0)
        {
            return 0;
        }

        _last = cycle;
        ulong place = _mapping.MapPacked(address);
        request = new DramRequest(id, cycle, AddressMapping.ChannelOf(place), AddressMapping.BankOf(place), AddressMapping.RowOf(place), AddressMapping.ColumnOf(place), isWrite);
        return at;
    }

    public readonly string Explain(string line, long id)
    {
        string[] words = LineFaults.Words(line);
        return LineFaults.Count(line, words.Length, 3, "an address, READ or WRITE and a cycle, such as '0x7f40 READ 120',")
            ?? LineFaults.HexAddress(words[0], _mapping.Bytes)
            ?? (Reads.Contains(words[1]) || Writes.Contains(words[1]) ? null : $"'{words[1]}' is no operation; {NearestWord.Suggest(words[1], ["READ", "WRITE"])}")
            ?? LineFaults.Arrival(words[2], _last)
            ?? throw new InvalidOperationException($"'{line}' was refused without a reason");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint OtherWord(ref byte start, nint at, out bool isWrite)
    {
        isWrite = false;
        foreach (string[] words in Operations)
        {
            foreach (string word in words)
            {
                int length = 0;
                while (length < word.Length && Unsafe.Add(ref start, at + length) == word[length])
                {
                    length++;
                }

                if (length == word.Length)
                {
                    isWrite = words == Writes;
                    return at + length;
                }
            }
        }

        return 0;
    }
}
