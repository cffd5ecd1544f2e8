using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Pim;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

public class ChannelGroupTests
{
    private static readonly Gen<Round> Rounds = Gen.Select(RandomPrograms.Sequence, Gen.Int[0, 3].Array[12], Gen.OneOf(Gen.Int[0, 50], Gen.Int[0, 20_000]))
        .Select((programs, choice, idle) => new Round(
            new ChannelPrograms([.. choice.Select(chosen => chosen == 0 || chosen > programs.Length ? [] : programs[chosen - 1].Program)]), idle));

    public static TheoryData<string, bool> Memories => new() { { "pim-gpt-memory", true }, { "ianus-memory", true }, { "pim-gpt-memory", false } };

    [Theory]
    [MemberData(nameof(Memories))]
    public void A_group_counts_what_its_channels_count_each_by_itself(string device, bool accelerate)
    {
        PimMemory memory = Catalogues.Memory(device);
        Rounds.Array[1, 5].Sample(
            rounds =>
            {
                ChannelGroup group = NewGroup(memory, 12, accelerate, _ => { });
                Loner[] loners = [.. Enumerable.Range(0, 12).Select(_ => new Loner(memory))];
                ChannelCounters totals = new();
                ChannelCounters critical = new();
                ChannelCounters expectedTotals = new();
                long now = 0;
                foreach (Round round in rounds)
                {
                    long start = now + round.Idle;
                    now = group.Run(round.Programs, 3, start, totals, critical);
                    for (int channel = 0; channel < loners.Length; channel++)
                    {
                        loners[channel].Run(round.Programs.Program(round.Programs.VariantOf(channel)), start, expectedTotals);
                    }

                    Loner slowest = loners.MaxBy(loner => loner.State.Completion)!;
                    Assert.Equal(slowest.State.Completion, now);
                    AssertSame(slowest.Last, critical);
                    AssertSame(expectedTotals, totals);
                }
            },
            iter: 25);
    }

    [Fact]
    public void Channels_with_the_same_work_are_simulated_once_also_after_they_parted()
    {
        PimMemory memory = Catalogues.Memory("pim-gpt-memory");
        PimInstruction[] work = [PimInstruction.Stream(DramCommand.MACAB, 0, 0, 640), PimInstruction.Close()];
        List<int> asked = [];
        ChannelGroup group = NewGroup(memory, 8, accelerate: true, asked.Add);
        long now = group.Run(new ChannelPrograms([.. Enumerable.Range(0, 8).Select(channel => channel < 3 ? work : [])]), 0, 0, new(), new());
        group.Run(new ChannelPrograms([.. Enumerable.Repeat(work, 8)]), 0, now + 100_000, new(), new());
        asked.Clear();
        group.Run(new ChannelPrograms([.. Enumerable.Repeat(work, 8)]), 0, now + 200_000, new(), new());

        // Once to let time pass, once to run.
        Assert.Equal([0, 0], asked);
    }

    /// <summary>One bank's MAC takes as long as all banks' MAC.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Of_channels_that_end_together_the_lowest_is_the_critical_one(int allBanksOn, int oneBankOn)
    {
        PimMemory memory = Catalogues.Memory("pim-gpt-memory");
        PimInstruction[][] programs = [[], []];
        programs[allBanksOn] = [PimInstruction.Stream(DramCommand.MACAB, 0, 0, 8), PimInstruction.Close()];
        programs[oneBankOn] = [PimInstruction.StreamBank(DramCommand.MACSB, 5, 0, 0, 8), PimInstruction.Close()];
        ChannelCounters critical = new();
        NewGroup(memory, 2, accelerate: true, _ => { }).Run(new ChannelPrograms(programs), 0, 0, new(), critical);
        Assert.Equal(allBanksOn == 0 ? 8 : 0, critical.Commands(DramCommand.MACAB));
    }

    private static ChannelGroup NewGroup(PimMemory memory, int channels, bool accelerate, Action<int> asked)
    {
        ChannelSequencer<NoSink> sequencer = new(memory.Channel, accelerate, default);
        return new ChannelGroup(memory.Channel, channels, accelerate, channel =>
        {
            asked(channel);
            return sequencer;
        });
    }

    private static void AssertSame(ChannelCounters expected, ChannelCounters actual)
    {
        Assert.Equal(Enum.GetValues<DramCommand>().Select(expected.Commands), Enum.GetValues<DramCommand>().Select(actual.Commands));
        Assert.Equal(Enum.GetValues<CycleUse>().Select(expected.CyclesOf), Enum.GetValues<CycleUse>().Select(actual.CyclesOf));
        Assert.Equal(expected.OpenBankCycles, actual.OpenBankCycles);
    }

    private sealed record Round(ChannelPrograms Programs, int Idle);

    /// <summary>A channel that shares nothing with the others, command by command.</summary>
    private sealed class Loner(PimMemory memory)
    {
        private readonly ChannelSequencer<NoSink> _sequencer = new(memory.Channel, accelerate: false, default);

        public ChannelState State { get; } = new(memory.Channel);

        /// <summary>Counts of the last program alone, without what happened in the idle time before it.</summary>
        public ChannelCounters Last { get; } = new();

        public void Run(ReadOnlySpan<PimInstruction> program, long start, ChannelCounters totals)
        {
            _sequencer.AdvanceTo(start, State, totals);
            Last.Clear();
            _sequencer.Run(program, 3, start, State, Last);
            totals.Add(Last, 1);
        }
    }
}
