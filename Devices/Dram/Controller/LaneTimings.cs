using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PimSim.Devices.Dram.Controller;

/// <summary>What may be waited for. The first five have a candidate for every bank.</summary>
internal enum Wait : byte
{
    Read,
    Write,
    Activate,
    Precharge,

    /// <summary>Closing of an idle row: no rule's time but the page policy's.</summary>
    IdleClose,
    PrechargeAll,
    RefreshAllBank,
    RefreshPerBank,
    RefreshSameBank,
}

/// <summary>One consequence of a command: times of one sort that move up to at least so much after its issue.</summary>
/// <param name="Start">First element of the time array concerned.</param>
/// <param name="Blocks">Whole vectors from there with waiting times from <paramref name="Value"/> in the pool; 0 if one element waits
/// <paramref name="Value"/> cycles.</param>
/// <param name="Value">Pool index or cycles.</param>
internal readonly record struct TimingEffect(int Start, int Blocks, int Value);

/// <summary>
/// The rules of a specification turned around: for every command to every bank the list of times that it moves. Times lie in
/// one array, one row of <see cref="Lanes"/> elements for each <see cref="Wait"/>, so that a rule of whatever scope is a maximum over
/// whole vectors and costs the same for bank group, rank or channel.
/// </summary>
internal sealed class LaneTimings
{
    /// <summary>Kinds of waiting.</summary>
    public const int Waits = 9;

    /// <summary>Kinds of waiting that have a candidate for every bank.</summary>
    public const int Candidates = 5;

    /// <summary>Waiting time where there is no rule.</summary>
    public const int NoRule = int.MinValue / 2;

    /// <summary>Elements of a vector.</summary>
    public static readonly int Width = Vector512<int>.Count;

    private static readonly DramCommand[] Issued =
    [
        DramCommand.ACT, DramCommand.PRE, DramCommand.RD, DramCommand.WR, DramCommand.RDA, DramCommand.WRA,
        DramCommand.REFpb, DramCommand.PREA, DramCommand.REFab, DramCommand.REFsb,
    ];

    private readonly DramSpecification _specification;
    private readonly List<int> _pool = [];
    private readonly Dictionary<string, int> _poolIndex = new(StringComparer.Ordinal);
    private readonly List<TimingEffect> _effects = [];
    private readonly int[] _first;
    private readonly int _banks;

    /// <summary>Compiles the rules of a specification.</summary>
    public LaneTimings(DramSpecification specification)
    {
        _specification = specification;
        _banks = specification.Organization.Banks;
        Lanes = Math.Max(Width, (int)BitOperations.RoundUpToPowerOf2((uint)_banks));
        _first = new int[(DramCommands.Count * _banks) + 1];
        ILookup<DramCommand, TimingRule> rules = specification.Rules.ToLookup(rule => rule.From);
        for (int command = 0; command < DramCommands.Count; command++)
        {
            for (int bank = 0; bank < _banks; bank++)
            {
                _first[(command * _banks) + bank] = _effects.Count;
                if (Issued.Contains((DramCommand)command))
                {
                    AddEffects((DramCommand)command, bank, [.. rules[(DramCommand)command]]);
                }
            }
        }

        _first[^1] = _effects.Count;
        Effects = [.. _effects];
        Windows = [.. specification.Windows.Where(window => window.Command == DramCommand.ACT)];
        if (specification.Windows.Any(window => window.Command != DramCommand.ACT))
        {
            throw new NotSupportedException("only windows of activations are scheduled");
        }

        WindowRows = [.. Windows.Select(AddWindowRows)];
        Pool = [.. _pool];
    }

    /// <summary>Banks rounded up to a power of two and whole vectors.</summary>
    public int Lanes { get; }

    /// <summary>All effects, see <see cref="Of"/>.</summary>
    public TimingEffect[] Effects { get; }

    /// <summary>Waiting times of the vector effects.</summary>
    public int[] Pool { get; }

    /// <summary>Index of the first effect of each command and bank.</summary>
    public int[] First => _first;

    /// <summary>The activation windows.</summary>
    public WindowRule[] Windows { get; }

    /// <summary>For each window the effect of a full window of each rank, to be counted from the window's oldest activation.</summary>
    public TimingEffect[][] WindowRows { get; }

    /// <summary>The effects of a command. A command to several banks is named by the first of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<TimingEffect> Of(DramCommand command, int bank)
    {
        int index = ((int)command * _banks) + bank;
        return Effects.AsSpan(First[index], First[index + 1] - First[index]);
    }

    /// <summary>The waiting time that a rule asks of one command after another, or 0.</summary>
    public static int Spacing(DramSpecification specification, DramCommand from, DramCommand to, params ReadOnlySpan<RuleScope> scopes)
    {
        int longest = 0;
        foreach (TimingRule rule in specification.Rules)
        {
            if (rule.From == from && rule.To == to && scopes.Contains(rule.Scope))
            {
                longest = Math.Max(longest, rule.LatencyCycles);
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
        DramCommand.PREA => Wait.PrechargeAll,
        DramCommand.REFab => Wait.RefreshAllBank,
        DramCommand.REFpb => Wait.RefreshPerBank,
        DramCommand.REFsb => Wait.RefreshSameBank,
        _ => null,
    };

    private void AddEffects(DramCommand command, int bank, TimingRule[] rules)
    {
        if (!IsNamedBy(command, bank))
        {
            return;
        }

        for (int wait = 0; wait < Waits; wait++)
        {
            int[] row = new int[Lanes];
            Array.Fill(row, NoRule);
            foreach (TimingRule rule in rules.Where(rule => WaitOf(rule.To) == (Wait)wait))
            {
                for (int lane = 0; lane < _banks; lane++)
                {
                    if (IsNamedBy(rule.To, lane) && Concerns(rule.Scope, command, bank, rule.To, lane))
                    {
                        row[lane] = Math.Max(row[lane], rule.LatencyCycles);
                    }
                }
            }

            AddRow(wait, row);
        }
    }

    private void AddRow(int wait, int[] row)
    {
        int[] concerned = [.. Enumerable.Range(0, Lanes).Where(lane => row[lane] != NoRule)];
        if (concerned.Length == 1)
        {
            _effects.Add(new TimingEffect((wait * Lanes) + concerned[0], 0, row[concerned[0]]));
        }
        else if (concerned.Length > 1)
        {
            int start = concerned[0] / Width * Width;
            int blocks = (concerned[^1] / Width) - (start / Width) + 1;
            _effects.Add(new TimingEffect((wait * Lanes) + start, blocks, PoolOf(row.AsSpan(start, blocks * Width))));
        }
    }

    private int PoolOf(ReadOnlySpan<int> row)
    {
        string key = Convert.ToBase64String(MemoryMarshal.AsBytes(row));
        if (!_poolIndex.TryGetValue(key, out int index))
        {
            index = _pool.Count;
            _pool.AddRange(row);
            _poolIndex.Add(key, index);
        }

        return index;
    }

    private TimingEffect[] AddWindowRows(WindowRule window)
    {
        DramOrganization organization = _specification.Organization;
        TimingEffect[] rows = new TimingEffect[organization.TotalRanks];
        for (int rank = 0; rank < rows.Length; rank++)
        {
            int[] row = new int[Lanes];
            Array.Fill(row, NoRule);
            row.AsSpan(rank * organization.BanksPerRank, organization.BanksPerRank).Fill(window.LatencyCycles);
            int start = rank * organization.BanksPerRank / Width * Width;
            int blocks = ((((rank + 1) * organization.BanksPerRank) - 1) / Width) - (start / Width) + 1;
            rows[rank] = new TimingEffect(((int)Wait.Activate * Lanes) + start, blocks, PoolOf(row.AsSpan(start, blocks * Width)));
        }

        return rows;
    }

    /// <summary>Every bank names a single-bank command; a rank's first bank a command to the rank; a bank of group 0 REFsb.</summary>
    private bool IsNamedBy(DramCommand command, int bank) => command switch
    {
        DramCommand.PREA or DramCommand.REFab => bank % _specification.Organization.BanksPerRank == 0,
        DramCommand.REFsb => _specification.Organization.BankGroupOf(bank) == 0,
        _ => true,
    };

    private bool Concerns(RuleScope scope, DramCommand from, int fromBank, DramCommand to, int toBank)
    {
        DramOrganization organization = _specification.Organization;
        bool samePseudoChannel = organization.PseudoChannelOf(fromBank) == organization.PseudoChannelOf(toBank);
        bool sameRank = organization.RankOf(fromBank) == organization.RankOf(toBank);
        return scope switch
        {
            RuleScope.Channel => true,
            RuleScope.PseudoChannel => samePseudoChannel,
            RuleScope.Rank => sameRank,
            RuleScope.OtherRank => samePseudoChannel && !sameRank,
            RuleScope.BankGroup => sameRank && (SpansGroups(from) || SpansGroups(to) || organization.BankGroupOf(fromBank) == organization.BankGroupOf(toBank)),
            _ => sameRank && SharesBank(from, fromBank, to, toBank),
        };
    }

    private static bool SpansGroups(DramCommand command) => command is DramCommand.PREA or DramCommand.REFab or DramCommand.REFsb;

    private bool SharesBank(DramCommand from, int fromBank, DramCommand to, int toBank)
    {
        if (from is DramCommand.PREA or DramCommand.REFab || to is DramCommand.PREA or DramCommand.REFab)
        {
            return true;
        }

        DramOrganization organization = _specification.Organization;
        return from == DramCommand.REFsb || to == DramCommand.REFsb
            ? organization.BankInGroupOf(fromBank) == organization.BankInGroupOf(toBank)
            : fromBank == toBank;
    }
}
