using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;
using PimSim.Devices.Pim;
using PimSim.Devices.Tests.Dram.Checking;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

public class TimingRuleTests
{
    private static readonly DramOrganization OneRank = new(1, 1, 4, 4, 1024, 64, 32, 1);

    public static TheoryData<string, int> Rules
    {
        get
        {
            TheoryData<string, int> rules = [];
            foreach (string device in (string[])["pim-gpt-memory", "ianus-memory", "aim-simulator"])
            {
                for (int i = 0; i < Catalogues.Memory(device).Channel.Timing.Rules.Count; i++)
                {
                    rules.Add(device, i);
                }
            }

            return rules;
        }
    }

    /// <summary>The table that the sequencer uses holds each rule of the file, at its scope, to the cycle.</summary>
    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public void The_compiled_table_waits_as_long_as_the_rule_says(string device, int index)
    {
        TimingTable table = Catalogues.Memory(device).Channel.Timing;
        TimingRule rule = table.Rules[index];
        bool single = rule.From.IsSingleBank() && rule.To.IsSingleBank();
        long compiled = rule.Scope switch
        {
            RuleScope.Bank when single => table.AfterInBank(rule.From)[(int)rule.To],
            RuleScope.BankGroup when single => table.AfterInBankGroup(rule.From)[(int)rule.To],
            _ => table.OnChannel(rule.From, rule.To),
        };
        int longest = table.Rules.Where(other => other.From == rule.From && other.To == rule.To && Scope(other) == Scope(rule)).Max(other => other.LatencyCycles);
        Assert.Equal(longest, compiled);
    }

    /// <summary>Refused one cycle early, accepted in time; the checker alone, with nothing but this pair on the bus.</summary>
    [Theory]
    [MemberData(nameof(Rules), DisableDiscoveryEnumeration = true)]
    public void The_checker_refuses_a_pair_one_cycle_early(string device, int index)
    {
        TimingRule rule = Catalogues.Memory(device).Channel.Timing.Rules[index];
        Assert.Contains(Observe(rule, rule.LatencyCycles - 1), violation => violation.Contains(rule.Text, StringComparison.Ordinal));
        Assert.DoesNotContain(Observe(rule, rule.LatencyCycles), violation => violation.Contains(rule.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_fifth_activation_waits_for_the_window()
    {
        TimingChecker checker = new(Specifications.Bare(OneRank, [], [new WindowRule(DramCommand.ACT, 4, 20, "tFAW")]));
        for (int i = 0; i < 4; i++)
        {
            checker.Observe(i, DramCommand.ACT, i, 0);
        }

        Assert.False(checker.Allows(19, DramCommand.ACT, 4, 0));
        Assert.True(checker.Allows(20, DramCommand.ACT, 4, 0));
    }

    [Fact]
    public void The_sequencer_spaces_activations_by_the_window()
    {
        PimMemory memory = Catalogues.Memory("pim-gpt-memory");
        WindowRule window = memory.Channel.Timing.Windows.Single();
        List<long> activations = [];
        ChannelSequencer<ActivationSink> sequencer = new(memory.Channel, accelerate: false, new ActivationSink(activations));
        sequencer.Run([.. Enumerable.Range(0, 12).Select(bank => PimInstruction.StreamBank(DramCommand.RD, bank, 0, 0, 1))], 0, 0, new ChannelState(memory.Channel), new ChannelCounters());
        Assert.Equal(12, activations.Count);
        Assert.All(Enumerable.Range(0, 12 - window.Count), i => Assert.True(activations[i + window.Count] - activations[i] >= window.LatencyCycles));
    }

    [Theory]
    [InlineData("nRP + 3", 15)]
    [InlineData("max(nRP, nCL) + 2 - nBL", 20)]
    [InlineData("12", 12)]
    public void Latency_expressions_are_evaluated(string text, long cycles)
    {
        ProblemList problems = new();
        Assert.Equal(cycles, Evaluate(text, problems));
        Assert.Empty(problems.Problems);
    }

    [Theory]
    [InlineData("nRQ", "did you mean 'nRP'")]
    [InlineData("nRP +", "missing")]
    [InlineData("max(nRP", "','")]
    [InlineData("nRP nCL", "unexpected")]
    public void Wrong_latency_expressions_are_reported(string text, string message)
    {
        ProblemList problems = new();
        Evaluate(text, problems);
        Assert.Contains(message, Assert.Single(problems.Problems).Message, StringComparison.Ordinal);
    }

    private static long Evaluate(string text, ProblemList problems) => LatencyExpression.Evaluate(
        DataNode.Parse("rules.yaml", $"latency: \"{text}\"", problems).Required("latency"),
        new Dictionary<string, long>(StringComparer.Ordinal) { ["nRP"] = 12, ["nCL"] = 20, ["nBL"] = 2 });

    private static RuleScope Scope(TimingRule rule) => rule.From.IsSingleBank() && rule.To.IsSingleBank() ? rule.Scope : RuleScope.Channel;

    private static IReadOnlyList<string> Observe(TimingRule rule, int distance)
    {
        // Bank 5 and, for rules beyond the bank, another bank of the group or of another group.
        int from = rule.From.IsSingleBank() ? 5 : -1;
        int to = !rule.To.IsSingleBank() ? -1 : rule.Scope switch { RuleScope.Bank => 5, RuleScope.BankGroup => 6, _ => 9 };
        TimingChecker checker = new(Specifications.Bare(OneRank, [rule], []));
        checker.Observe(1000, rule.From, from, 0);
        checker.Observe(1000 + distance, rule.To, to, 0);
        return checker.Violations;
    }

    private readonly struct ActivationSink(List<long> cycles) : ICommandSink
    {
        public bool WantsCommands => true;

        public void OnCommand(long cycle, DramCommand command, int bank, int row, int column)
        {
            if (command == DramCommand.ACT)
            {
                cycles.Add(cycle);
            }
        }
    }
}
