namespace PimSim.Devices.Dram;

/// <summary>
/// Timing rules compiled for look-up: for each issued command, how long each other command must wait on the whole channel,
/// in the same bank group, in the same bank. A rule with a command to all banks holds for the whole channel. For channels
/// of one rank, as processing in memory has them: pseudo-channel and rank are the channel, and there is no other rank.
/// </summary>
public sealed class TimingTable
{
    /// <summary>Entry of a pair without a rule: far in the past.</summary>
    public const long NoRule = long.MinValue / 4;

    private readonly long[] _channel;
    private readonly long[] _bankGroup;
    private readonly long[] _bank;

    /// <summary>Compiles the rules. Of several rules for one pair and scope the longest holds.</summary>
    public TimingTable(IReadOnlyList<TimingRule> rules, IReadOnlyList<WindowRule> windows)
    {
        Rules = rules;
        Windows = windows;
        _channel = NewTable(DramCommands.Count * Lanes);
        _bankGroup = NewTable(DramCommands.SingleBankCount * DramCommands.SingleBankCount);
        _bank = NewTable(DramCommands.SingleBankCount * DramCommands.SingleBankCount);
        foreach (TimingRule rule in rules.Where(rule => rule.Scope != RuleScope.OtherRank))
        {
            bool wholeChannel = rule.Scope is RuleScope.Channel or RuleScope.PseudoChannel or RuleScope.Rank || !rule.From.IsSingleBank() || !rule.To.IsSingleBank();
            long[] table = wholeChannel ? _channel : rule.Scope == RuleScope.BankGroup ? _bankGroup : _bank;
            int width = wholeChannel ? Lanes : DramCommands.SingleBankCount;
            ref long entry = ref table[((int)rule.From * width) + (int)rule.To];
            entry = Math.Max(entry, rule.LatencyCycles);
        }
    }

    /// <summary>Commands rounded up to whole vectors, so that a row can be scanned without a tail.</summary>
    public static int Lanes { get; } = (DramCommands.Count + 7) / 8 * 8;

    /// <summary>The rules that the table was made from.</summary>
    public IReadOnlyList<TimingRule> Rules { get; }

    /// <summary>The rules on windows.</summary>
    public IReadOnlyList<WindowRule> Windows { get; }

    /// <summary>Waiting times after <paramref name="from"/> on the whole channel, <see cref="Lanes"/> entries.</summary>
    public ReadOnlySpan<long> AfterOnChannel(DramCommand from) => _channel.AsSpan((int)from * Lanes, Lanes);

    /// <summary>Waiting times after a single-bank command within its bank group.</summary>
    public ReadOnlySpan<long> AfterInBankGroup(DramCommand from) =>
        _bankGroup.AsSpan((int)from * DramCommands.SingleBankCount, DramCommands.SingleBankCount);

    /// <summary>Waiting times after a single-bank command within its bank.</summary>
    public ReadOnlySpan<long> AfterInBank(DramCommand from) =>
        _bank.AsSpan((int)from * DramCommands.SingleBankCount, DramCommands.SingleBankCount);

    /// <summary>The waiting time between two commands on the whole channel.</summary>
    public long OnChannel(DramCommand from, DramCommand to) => _channel[((int)from * Lanes) + (int)to];

    private static long[] NewTable(int length)
    {
        long[] table = new long[length];
        Array.Fill(table, NoRule);
        return table;
    }
}
