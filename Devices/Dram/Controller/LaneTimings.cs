using System.Numerics;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Controller;

/// <summary>What a bank may wait for; each has a time and a candidate for every bank.</summary>
internal enum Wait : byte
{
    Read,
    Write,
    Activate,
    Precharge,

    /// <summary>Closing of an idle row: no rule's time but the page policy's.</summary>
    IdleClose,
}

/// <summary>
/// The rules of a specification turned around: for every command to every bank how long each bank must then wait for each kind
/// of command. Whatever its scope, a rule so becomes a maximum over whole vectors, and costs the same for bank, group or rank.
/// </summary>
internal sealed class LaneTimings
{
    /// <summary>Kinds of waiting that rules move.</summary>
    public const int RuledWaits = 4;

    /// <summary>Kinds of waiting.</summary>
    public const int Waits = 5;

    /// <summary>Banks of one vector.</summary>
    public const int Width = 16;

    /// <summary>Waiting time where there is no rule.</summary>
    public const int NoRule = int.MinValue / 2;

    private static readonly DramCommand[] Issued =
    [
        DramCommand.ACT, DramCommand.PRE, DramCommand.RD, DramCommand.WR, DramCommand.RDA, DramCommand.WRA,
        DramCommand.REFpb, DramCommand.PREA, DramCommand.REFab, DramCommand.REFsb,
    ];

    private readonly DramSpecification _specification;
    private readonly BankRelation _relation;
    private readonly int _banks;

    /// <summary>Compiles the rules of a specification.</summary>
    public LaneTimings(DramSpecification specification)
    {
        _specification = specification;
        _relation = new BankRelation(specification.Organization);
        _banks = specification.Organization.Banks;
        Lanes = Math.Max(Width, (int)BitOperations.RoundUpToPowerOf2((uint)_banks));
        RowLength = RuledWaits * Lanes;
        if (RowLength > 64 * Width)
        {
            throw new PimSimUserException($"'{specification.Name}' has {_banks} banks; at most {64 * Width / RuledWaits} in a channel are simulated");
        }

        Rows = new AlignedInts(DramCommands.Count * _banks * RowLength);
        Blocks = new ulong[DramCommands.Count * _banks];
        foreach (DramCommand command in Issued)
        {
            TimingRule[] rules = Array.FindAll([.. specification.Rules], rule => rule.From == command && WaitOf(rule.To) is not null);
            for (int bank = 0; bank < _banks; bank++)
            {
                if (_relation.IsNamedBy(command, bank))
                {
                    int index = ((int)command * _banks) + bank;
                    int[] rows = RowsOf(command, bank, rules);
                    rows.CopyTo(Rows.Span[(index * RowLength)..]);
                    for (int lane = 0; lane < rows.Length; lane++)
                    {
                        Blocks[index] |= rows[lane] == NoRule ? 0 : 1UL << (lane / Width);
                    }
                }
            }
        }

        Windows = Array.FindAll([.. specification.Windows], window => window.Command == DramCommand.ACT);
        if (Windows.Length < specification.Windows.Count)
        {
            throw new PimSimUserException($"'{specification.Name}' has a window of commands other than ACT; only windows of activations are scheduled");
        }

        WindowRows = new AlignedInts[Windows.Length][];
        for (int window = 0; window < Windows.Length; window++)
        {
            WindowRows[window] = new AlignedInts[specification.Organization.TotalRanks];
            for (int rank = 0; rank < WindowRows[window].Length; rank++)
            {
                WindowRows[window][rank] = WindowRow(rank, Windows[window].LatencyCycles);
            }
        }
    }

    /// <summary>Banks rounded up to a power of two and whole vectors.</summary>
    public int Lanes { get; }

    /// <summary>Waiting times that belong to one command to one bank.</summary>
    public int RowLength { get; }

    /// <summary>For each command (times banks, plus bank) <see cref="RowLength"/> waiting times: <see cref="RuledWaits"/> rows of
    /// <see cref="Lanes"/>. A command to several banks is named by the first of them.</summary>
    public AlignedInts Rows { get; }

    /// <summary>For each command (times banks, plus bank) which vectors of its waiting times hold any: bit n for the nth.</summary>
    public ulong[] Blocks { get; }

    /// <summary>The activation windows.</summary>
    public WindowRule[] Windows { get; }

    /// <summary>For each window and rank a row of <see cref="Lanes"/> waiting times for activations, from the window's oldest on.</summary>
    public AlignedInts[][] WindowRows { get; }

    /// <summary>The waiting time that a rule asks of one command after another, or 0.</summary>
    public static int Spacing(DramSpecification specification, DramCommand from, DramCommand to, params RuleScope[] scopes)
    {
        int longest = 0;
        foreach (TimingRule rule in specification.Rules)
        {
            foreach (RuleScope scope in scopes)
            {
                if (rule.From == from && rule.To == to && rule.Scope == scope)
                {
                    longest = Math.Max(longest, rule.LatencyCycles);
                }
            }
        }

        return longest;
    }

    private static Wait? WaitOf(DramCommand command) => command switch
    {
        DramCommand.RD or DramCommand.RDA => Wait.Read,
        DramCommand.WR or DramCommand.WRA => Wait.Write,
        DramCommand.ACT => Wait.Activate,
        DramCommand.PRE => Wait.Precharge,
        _ => null,
    };

    private int[] RowsOf(DramCommand command, int bank, TimingRule[] rules)
    {
        int[] rows = new int[RuledWaits * Lanes];
        Array.Fill(rows, NoRule);
        foreach (TimingRule rule in rules)
        {
            int row = (int)WaitOf(rule.To)! * Lanes;
            for (int lane = 0; lane < _banks; lane++)
            {
                if (_relation.Holds(rule.Scope, command, bank, rule.To, lane))
                {
                    rows[row + lane] = Math.Max(rows[row + lane], rule.LatencyCycles);
                }
            }
        }

        return rows;
    }

    private AlignedInts WindowRow(int rank, int latency)
    {
        AlignedInts row = new(Lanes);
        row.Span.Fill(NoRule);
        int banks = _specification.Organization.BanksPerRank;
        row.Span.Slice(rank * banks, banks).Fill(latency);
        return row;
    }
}
