using System.Runtime.CompilerServices;

namespace PimSim.Devices.Dram.Requests;

/// <summary>
/// A line of a Ramulator 2 read/write trace: <c>R 0,0,1,2,100,64</c>, a number for each level that the memory has: channel,
/// pseudo-channel, rank, bank group, bank, row, burst. Ranks and bank groups may be left out where there is only one.
/// </summary>
internal readonly struct ReadWriteLine : ILineFormat
{
    private readonly DramOrganization _organization;
    private readonly int _channels;

    // Sizes of the levels between channel and row, for each number of levels with which lines can be written.
    private readonly int[]?[] _bankLevels;

    public ReadWriteLine(DramOrganization organization, int channels)
    {
        _organization = organization;
        _channels = channels;
        _bankLevels = new int[8][];
        foreach (bool rank in (bool[])[true, false])
        {
            foreach (bool bankGroup in (bool[])[true, false])
            {
                if ((rank || organization.Ranks == 1) && (bankGroup || organization.BankGroups == 1))
                {
                    int[] levels = [.. Levels(organization, rank, bankGroup).Skip(1).SkipLast(2).Select(level => level.Size)];
                    _bankLevels[levels.Length + 3] = levels;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Read(ref byte start, nint at, long id, out DramRequest request)
    {
        Unsafe.SkipInit(out request);
        at = ByteScan.Blanks(ref start, at);
        byte letter = Unsafe.Add(ref start, at);
        bool isWrite = letter == (byte)'W';
        if (((letter != (byte)'R') & !isWrite) || (at = ByteScan.Separator(ref start, at + 1)) == 0 || (at = ByteScan.Decimal(ref start, at, out long channel)) == 0)
        {
            return 0;
        }

        Numbers numbers = default;
        int count = 1;
        while (Unsafe.Add(ref start, at) == (byte)',' && count < _bankLevels.Length - 1)
        {
            at = ByteScan.Decimal(ref start, at + 1, out numbers[count - 1]);
            if (at == 0)
            {
                return 0;
            }

            count++;
        }

        if (_bankLevels[count] is not int[] levels || (at = ByteScan.LineEnd(ref start, at)) == 0 || channel >= _channels)
        {
            return 0;
        }

        long bank = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            if (numbers[i] >= levels[i])
            {
                return 0;
            }

            bank = (bank * levels[i]) + numbers[i];
        }

        (long row, long column) = (numbers[levels.Length], numbers[levels.Length + 1]);
        if (row >= _organization.Rows || column >= _organization.AccessesPerRow)
        {
            return 0;
        }

        request = new DramRequest(id, 0, (int)channel, (int)bank, (int)row, (int)column, isWrite);
        return at;
    }

    public string Explain(string line, long id)
    {
        string[] words = LineFaults.Words(line);
        if (words[0] is not ("R" or "W"))
        {
            return $"'{words[0]}' is no operation; R and W are";
        }

        string? fault = LineFaults.Count(line, words.Length, 2, "an operation and a number for each level, such as 'R 0,0,1,2,100,64',");
        if (fault is not null)
        {
            return fault;
        }

        string[] numbers = words[1].Split(',');
        List<(string Name, int Size)> all = [.. Levels(_organization, true, true)];
        if (numbers.Length >= _bankLevels.Length || _bankLevels[numbers.Length] is not int[])
        {
            return $"'{words[1]}' has {numbers.Length} numbers; the memory has {all.Count} levels: {string.Join(",", all.Select(level => level.Name))}";
        }

        List<(string Name, int Size)> given = [.. Levels(_organization, numbers.Length == all.Count || _organization.Ranks > 1, numbers.Length == all.Count || _organization.BankGroups > 1)];
        if (given.Count != numbers.Length)
        {
            // One of rank and bank group is left out, and both have size 1.
            given = [.. Levels(_organization, true, false)];
        }

        return given.Zip(numbers, (level, number) => LineFaults.Coordinate(number, level.Name, level.Size)).FirstOrDefault(found => found is not null)
            ?? LineFaults.Coordinate(numbers[0], "channel", _channels)
            ?? throw new InvalidOperationException($"'{line}' was refused without a reason");
    }

    private static IEnumerable<(string Name, int Size)> Levels(DramOrganization organization, bool rank, bool bankGroup)
    {
        yield return ("channel", int.MaxValue);
        if (organization.PseudoChannels > 1)
        {
            yield return ("pseudo-channel", organization.PseudoChannels);
        }

        if (rank)
        {
            yield return ("rank", organization.Ranks);
        }

        if (bankGroup)
        {
            yield return ("bank group", organization.BankGroups);
        }

        yield return ("bank", organization.BanksPerGroup);
        yield return ("row", organization.Rows);
        yield return ("column", organization.AccessesPerRow);
    }

    [InlineArray(8)]
    private struct Numbers
    {
        private long _first;
    }
}
