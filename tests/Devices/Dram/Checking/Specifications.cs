using PimSim.Devices.Dram;

namespace PimSim.Devices.Tests.Dram.Checking;

/// <summary>Memories written down rule by rule, so that tests of the checker do not depend on the catalogue.</summary>
internal static class Specifications
{
    /// <summary>Rules alone: no refresh, no bursts, one command bus.</summary>
    public static DramSpecification Bare(DramOrganization organization, IReadOnlyList<TimingRule> rules, IReadOnlyList<WindowRule> windows) => new()
    {
        Name = "bare",
        Organization = organization,
        ClockPs = 1000,
        Timings = new Dictionary<string, long>(StringComparer.Ordinal),
        Rules = rules,
        Windows = windows,
        Bus = CommandBus.Shared,
        CommandCycles = CommandCycles(activateCycles: 1),
        ReadLatencyCycles = 0,
        WriteLatencyCycles = 0,
        BurstCycles = 0,
        Refresh = new RefreshTiming(0, 0, 0, 8),
    };

    /// <summary>DDR4-2400 8 Gb x8, four groups of four banks. READ to WRITE waits for a bus turnaround of one cycle.</summary>
    public static DramSpecification Ddr4(int ranks, Ddr4Timings? timings = null)
    {
        Ddr4Timings t = timings ?? new Ddr4Timings();
        RuleList rules = new();
        int readToWrite = t.Cl + t.Burst - t.Cwl + 1;
        rules.Add(RuleScope.Rank, "RD RDA", "RD RDA", t.CcdS);
        rules.Add(RuleScope.BankGroup, "RD RDA", "RD RDA", t.CcdL);
        rules.Add(RuleScope.Rank, "WR WRA", "WR WRA", t.CcdS);
        rules.Add(RuleScope.BankGroup, "WR WRA", "WR WRA", t.CcdL);
        rules.Add(RuleScope.Rank, "RD RDA", "WR WRA", readToWrite);
        rules.Add(RuleScope.Rank, "WR WRA", "RD RDA", t.Cwl + t.Burst + t.WtrS);
        rules.Add(RuleScope.BankGroup, "WR WRA", "RD RDA", t.Cwl + t.Burst + t.WtrL);
        rules.Add(RuleScope.OtherRank, "RD RDA", "RD RDA", t.Burst + t.Rtrs);
        rules.Add(RuleScope.OtherRank, "WR WRA", "WR WRA", t.Burst);
        rules.Add(RuleScope.OtherRank, "RD RDA", "WR WRA", readToWrite);
        rules.AddRows(t.Rcd, t.Rcd, t.Rp, t.Ras, t.Rc, t.Rtp, t.Cwl + t.Burst + t.Wr, t.RrdS, t.RrdL);
        rules.AddRefresh(t.Rc, t.Rp, t.Rfc);
        return Bare(new DramOrganization(1, ranks, 4, 4, 65536, 128, 64, 8), rules.Rules, [new WindowRule(DramCommand.ACT, 4, t.Faw, "4 ACT in nFAW")]) with
        {
            ReadLatencyCycles = t.Cl,
            WriteLatencyCycles = t.Cwl,
            BurstCycles = t.Burst,
            Refresh = new RefreshTiming(t.Refi, 0, 0, 8),
        };
    }

    /// <summary>HBM2 8 Gb x128 in legacy mode as DRAMsim3 has it: one command a cycle on each of the two buses. Of reads to
    /// precharge it knows one tRTP, 5 by default; the tRTP_L of 6 and tRTP_S of 4 in its file have no effect.</summary>
    public static DramSpecification Hbm2Legacy()
    {
        RuleList rules = new();
        rules.Add(RuleScope.Rank, "RD RDA", "RD RDA", 2);
        rules.Add(RuleScope.BankGroup, "RD RDA", "RD RDA", 2);
        rules.Add(RuleScope.Rank, "WR WRA", "WR WRA", 2);
        rules.Add(RuleScope.BankGroup, "WR WRA", "WR WRA", 2);
        rules.Add(RuleScope.Rank, "RD RDA", "WR WRA", 14 + 2 - 4 + 1);
        rules.Add(RuleScope.Rank, "WR WRA", "RD RDA", 4 + 2 + 6);
        rules.Add(RuleScope.BankGroup, "WR WRA", "RD RDA", 4 + 2 + 8);
        rules.AddRows(14, 14, 14, 34, 48, readToPrecharge: 5, 4 + 2 + 16, 4, 6);
        rules.AddRefresh(48, 14, 260);
        return Bare(new DramOrganization(1, 1, 4, 4, 32768, 64, 64, 1), rules.Rules, [new WindowRule(DramCommand.ACT, 4, 30, "4 ACT in nFAW")]) with
        {
            Bus = CommandBus.Split,
            ReadLatencyCycles = 14,
            WriteLatencyCycles = 4,
            BurstCycles = 2,
            Refresh = new RefreshTiming(3900, 0, 0, 8),
        };
    }

    /// <summary>HBM2 4 Gb at 2 Gb/s with two pseudo-channels as Ramulator has it: ACT takes two cycles of the row bus and
    /// counts from its second.</summary>
    public static DramSpecification Hbm2PseudoChannels()
    {
        RuleList rules = new();
        rules.Add(RuleScope.PseudoChannel, "RD RDA", "RD RDA", 2);
        rules.Add(RuleScope.BankGroup, "RD RDA", "RD RDA", 4);
        rules.Add(RuleScope.PseudoChannel, "WR WRA", "WR WRA", 2);
        rules.Add(RuleScope.BankGroup, "WR WRA", "WR WRA", 4);
        rules.Add(RuleScope.PseudoChannel, "RD RDA", "WR WRA", 14 + 2 - 5 + 1);
        rules.Add(RuleScope.PseudoChannel, "WR WRA", "RD RDA", 5 + 2 + 6);
        rules.Add(RuleScope.BankGroup, "WR WRA", "RD RDA", 5 + 2 + 8);
        rules.AddRows(14 + 1, 12 + 1, 14 - 1, 34 + 1, 48, 5, 5 + 2 + 16, 4, 4);
        rules.Add(RuleScope.Rank, "ACT", "REFab", 48 + 1);
        rules.Add(RuleScope.Rank, "PRE PREA", "REFab", 14);
        rules.Add(RuleScope.Rank, "REFab", "ACT", 260 - 1);
        rules.Add(RuleScope.Rank, "REFab", "REFab PREA", 260);
        rules.Add(RuleScope.Bank, "REFpb", "ACT", 160 - 1);
        rules.Add(RuleScope.Bank, "ACT", "REFpb", 48 + 1);
        rules.Add(RuleScope.Bank, "PRE PREA", "REFpb", 14);
        rules.Add(RuleScope.Rank, "REFpb", "ACT", 8 - 1);
        rules.Add(RuleScope.Rank, "ACT", "REFpb", 4 + 1);
        return Bare(new DramOrganization(2, 1, 4, 4, 32768, 64, 32, 1), rules.Rules, [new WindowRule(DramCommand.ACT, 4, 15, "4 ACT in nFAW")]) with
        {
            Bus = CommandBus.Split,
            CommandCycles = CommandCycles(activateCycles: 2),
            ReadLatencyCycles = 14,
            WriteLatencyCycles = 5,
            BurstCycles = 2,
            Refresh = new RefreshTiming(3900, 122, 0, 8),
        };
    }

    /// <summary>A small memory with every scope and every kind of refresh, in which each rule can be the only one broken: two
    /// pseudo-channels of two ranks of two groups of four banks.</summary>
    public static DramSpecification EveryScope()
    {
        RuleList rules = new();
        rules.Add(RuleScope.Channel, "REFab", "REFab", 9);
        rules.Add(RuleScope.PseudoChannel, "PREA", "PREA", 5);
        rules.Add(RuleScope.Rank, "RD RDA", "WR WRA", 8);
        rules.Add(RuleScope.Rank, "RD RDA", "RD RDA", 3);
        rules.Add(RuleScope.BankGroup, "RD RDA", "RD RDA", 5);
        rules.Add(RuleScope.Rank, "WR WRA", "WR WRA", 3);
        rules.Add(RuleScope.BankGroup, "WR WRA", "WR WRA", 4);
        rules.Add(RuleScope.Rank, "WR WRA", "RD RDA", 7);
        rules.Add(RuleScope.OtherRank, "RD RDA", "RD RDA", 4);
        rules.Add(RuleScope.OtherRank, "WR WRA", "WR WRA", 4);
        rules.AddRows(rcdRead: 6, rcdWrite: 5, rp: 6, ras: 11, rc: 18, readToPrecharge: 4, writeToPrecharge: 10, rrdS: 3, rrdL: 4);
        rules.AddRefresh(rc: 18, rp: 6, rfc: 40);
        rules.Add(RuleScope.Bank, "ACT", "REFpb REFsb", 18);
        rules.Add(RuleScope.Bank, "PRE PREA", "REFpb REFsb", 6);
        rules.Add(RuleScope.Bank, "REFpb REFsb", "ACT REFab REFpb REFsb", 20);
        rules.Add(RuleScope.Rank, "REFpb REFsb", "REFpb REFsb", 8);
        return Bare(new DramOrganization(2, 2, 2, 4, 8, 4, 32, 1), rules.Rules, [new WindowRule(DramCommand.ACT, 4, 15, "4 ACT in nFAW")]) with
        {
            Bus = CommandBus.Split,
            CommandCycles = CommandCycles(activateCycles: 2),
            ReadLatencyCycles = 9,
            WriteLatencyCycles = 4,
            BurstCycles = 2,
            Refresh = new RefreshTiming(400, 50, 100, 8),
        };
    }

    private static int[] CommandCycles(int activateCycles)
    {
        int[] cycles = [.. Enumerable.Repeat(1, DramCommands.Count)];
        cycles[(int)DramCommand.ACT] = activateCycles;
        return cycles;
    }

    /// <summary>The timings that the three simulators' runs of DDR4 share (configs.json).</summary>
    public sealed record Ddr4Timings(
        int Burst = 4, int Cl = 17, int Cwl = 12, int Rcd = 17, int Rp = 17, int Ras = 39, int Rc = 56, int Wr = 18, int Rtp = 9, int CcdS = 4, int CcdL = 6,
        int RrdS = 4, int RrdL = 6, int WtrS = 3, int WtrL = 9, int Faw = 26, int Rfc = 420, int Refi = 9360, int Rtrs = 1);

    /// <summary>Rules between lists of commands; each rule has a text of its own.</summary>
    private sealed class RuleList
    {
        public List<TimingRule> Rules { get; } = [];

        public void Add(RuleScope scope, string from, string to, int latencyCycles)
        {
            foreach (DramCommand before in from.Split(' ').Select(Enum.Parse<DramCommand>))
            {
                Rules.AddRange(to.Split(' ').Select(Enum.Parse<DramCommand>).Select(
                    after => new TimingRule(scope, before, after, latencyCycles, $"{before} -> {after}: {latencyCycles} ({scope})")));
            }
        }

        public void AddRows(int rcdRead, int rcdWrite, int rp, int ras, int rc, int readToPrecharge, int writeToPrecharge, int rrdS, int rrdL)
        {
            Add(RuleScope.Bank, "ACT", "ACT", rc);
            Add(RuleScope.Rank, "ACT", "ACT", rrdS);
            Add(RuleScope.BankGroup, "ACT", "ACT", rrdL);
            Add(RuleScope.Bank, "ACT", "RD RDA", rcdRead);
            Add(RuleScope.Bank, "ACT", "WR WRA", rcdWrite);
            Add(RuleScope.Bank, "ACT", "PRE PREA", ras);
            Add(RuleScope.Bank, "PRE PREA", "ACT", rp);
            Add(RuleScope.Bank, "RD", "PRE PREA", readToPrecharge);
            Add(RuleScope.Bank, "WR", "PRE PREA", writeToPrecharge);
            Add(RuleScope.Bank, "RDA", "ACT", readToPrecharge + rp);
            Add(RuleScope.Bank, "WRA", "ACT", writeToPrecharge + rp);
        }

        public void AddRefresh(int rc, int rp, int rfc)
        {
            Add(RuleScope.Rank, "ACT", "REFab", rc);
            Add(RuleScope.Rank, "PRE PREA", "REFab", rp);
            Add(RuleScope.Rank, "REFab", "ACT REFab", rfc);
        }
    }
}
