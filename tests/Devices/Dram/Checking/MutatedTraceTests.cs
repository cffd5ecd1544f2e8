using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Checking;

/// <summary>Random legal traces, each command as early as the literal rules allow or a little later, and what the checker says
/// of them when one command comes too soon or to a bank in the wrong state.</summary>
public class MutatedTraceTests
{
    private static readonly TimingCheckerOptions NoRefreshCount = new() { CountsRefreshes = false };

    private static readonly DramCommand[] EveryKind =
    [
        DramCommand.ACT, DramCommand.ACT, DramCommand.ACT, DramCommand.RD, DramCommand.RD, DramCommand.WR, DramCommand.WR, DramCommand.RDA, DramCommand.WRA,
        DramCommand.PRE, DramCommand.PREA, DramCommand.REFab, DramCommand.REFpb, DramCommand.REFsb,
    ];

    public static TheoryData<string> Memories => ["every scope", "DDR4", "HBM2"];

    [Theory]
    [MemberData(nameof(Memories))]
    public void A_legal_trace_is_legal_and_the_checker_names_exactly_the_rules_that_a_change_breaks(string memory)
    {
        DramSpecification specification = SpecificationOf(memory);
        for (int seed = 0; seed < 4; seed++)
        {
            LiteralRules literal = new(specification);
            foreach (Issued mutant in Grow(literal, specification, new Random(seed), 250))
            {
                Assert.Equal(literal.Broken(mutant), BrokenAccordingToChecker(specification, literal.Trace, mutant));
            }

            Assert.Empty(Check(specification, literal.Trace).Texts);
        }
    }

    /// <summary>A command a single cycle too early, with nothing else wrong, for every rule.</summary>
    [Fact]
    public void Every_rule_is_named_when_it_alone_is_broken_by_one_cycle()
    {
        DramSpecification specification = Specifications.EveryScope();
        SortedSet<string> missing = [.. specification.Rules.Select(rule => rule.Text), specification.Windows[0].Text, "command bus", "data bus"];
        for (int seed = 0; seed < 100 && missing.Count > 0; seed++)
        {
            LiteralRules literal = new(specification);
            foreach (Issued mutant in Grow(literal, specification, new Random(seed), 400))
            {
                SortedSet<string> broken = literal.Broken(mutant);
                if (broken.Count == 1 && missing.Contains(broken.Min!) && literal.Broken(mutant with { Cycle = mutant.Cycle + 1 }).Count == 0)
                {
                    Assert.Equal(broken, BrokenAccordingToChecker(specification, literal.Trace, mutant));
                    missing.Remove(broken.Min!);
                }
            }
        }

        Assert.Empty(missing);
    }

    /// <summary>Extends a legal trace command by command and yields, before each, changed commands that must be judged against
    /// the trace so far: one cycle too early, much too early, or with banks in the wrong state.</summary>
    private static IEnumerable<Issued> Grow(LiteralRules literal, DramSpecification specification, Random random, int commands)
    {
        DramCommand[] kinds = [.. EveryKind.Where(kind => specification.Rules.Any(rule => rule.To == kind))];
        long now = 0;
        while (literal.Trace.Count < commands)
        {
            int bank = random.Next(specification.Organization.Banks);
            DramCommand kind = kinds[random.Next(kinds.Length)];
            int row = kind == DramCommand.ACT ? random.Next(specification.Organization.Rows) : literal.OpenRow(bank) ?? 0;
            Issued command = new(now, kind, bank, row, random.Next(specification.Organization.AccessesPerRow));
            if (!literal.StateAllows(command))
            {
                if (random.Next(20) == 0)
                {
                    yield return command;
                }

                continue;
            }

            // Long waits now and then only: they would leave nothing for other rules to collide with.
            int patience = random.Next(8) == 0 ? 600 : 12;
            while (patience > 0 && literal.Broken(command).Count > 0)
            {
                command = command with { Cycle = command.Cycle + 1 };
                patience--;
            }

            if (patience == 0)
            {
                continue;
            }

            if (command.Cycle > now)
            {
                yield return command with { Cycle = command.Cycle - 1 };
                yield return command with { Cycle = random.NextInt64(now, command.Cycle) };
            }

            literal.Issue(command);
            now = command.Cycle;
        }
    }

    private static IEnumerable<string> BrokenAccordingToChecker(DramSpecification specification, List<Issued> trace, Issued mutant)
    {
        TimingChecker checker = new(specification, NoRefreshCount);
        Observe(checker, trace);
        bool allowed = checker.Allows(mutant.Cycle, mutant.Command, mutant.Bank, mutant.Row, mutant.Column);
        Observe(checker, [mutant]);
        Assert.Equal(allowed, checker.Log.Count == 0);
        return checker.Log.ByRule.Keys.Order(StringComparer.Ordinal);
    }

    private static ViolationLog Check(DramSpecification specification, List<Issued> trace)
    {
        TimingChecker checker = new(specification, NoRefreshCount);
        Observe(checker, trace);
        return checker.Log;
    }

    private static void Observe(TimingChecker checker, List<Issued> trace)
    {
        foreach (Issued command in trace)
        {
            checker.Observe(command.Cycle, command.Command, command.Bank, command.Row, command.Column);
        }
    }

    private static DramSpecification SpecificationOf(string memory) => memory switch
    {
        "DDR4" => Specifications.Ddr4(ranks: 2),
        "HBM2" => Specifications.Hbm2PseudoChannels(),
        _ => Specifications.EveryScope(),
    };
}
