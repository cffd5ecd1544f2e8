using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;
using PimSim.Devices.Pim;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

public class ChannelSequencerTests
{
    public static TheoryData<string> Memories => ["pim-gpt-memory", "ianus-memory"];

    [Theory]
    [MemberData(nameof(Memories))]
    public void Skipping_changes_neither_cycles_nor_counts(string device)
    {
        PimMemory memory = Catalogues.Memory(device);
        RandomPrograms.Sequence.Sample(
            sequence =>
            {
                ChannelSequencer<NoSink> plain = new(memory.Channel, accelerate: false, default);
                ChannelSequencer<NoSink> fast = new(memory.Channel, accelerate: true, default);
                (ChannelState plainState, ChannelState fastState) = (new(memory.Channel), new(memory.Channel));
                (ChannelCounters plainCounts, ChannelCounters fastCounts) = (new(), new());
                foreach ((PimInstruction[] program, int idle) in sequence)
                {
                    plain.Run(program, 7, plainState.Cursor + idle, plainState, plainCounts);
                    fast.Run(program, 7, fastState.Cursor + idle, fastState, fastCounts);
                    Assert.Equal(plainState.Completion, fastState.Completion);
                    Assert.Equal(plainState.RefreshDue, fastState.RefreshDue);
                    AssertSame(plainCounts, fastCounts);
                }
            },
            iter: 150);
    }

    [Theory]
    [MemberData(nameof(Memories))]
    public void No_command_breaks_a_rule(string device)
    {
        PimMemory memory = Catalogues.Memory(device);
        RandomPrograms.Sequence.Sample(
            sequence =>
            {
                TimingChecker checker = memory.Channel.NewChecker();
                ChannelSequencer<CheckerSink> sequencer = new(memory.Channel, accelerate: true, new CheckerSink(checker));
                ChannelState state = new(memory.Channel);
                ChannelCounters counts = new();
                foreach ((PimInstruction[] program, int idle) in sequence)
                {
                    sequencer.Run(program, 0, state.Cursor + idle, state, counts);
                }

                Assert.Empty(checker.Violations);
                Assert.Equal(checker.Commands, Enum.GetValues<DramCommand>().Sum(counts.Commands));
            },
            iter: 15);
    }

    [Theory]
    [MemberData(nameof(Memories))]
    public void No_command_could_have_come_a_cycle_earlier(string device)
    {
        PimMemory memory = Catalogues.Memory(device);
        RandomPrograms.Sequence.Sample(
            sequence =>
            {
                List<string> late = [];
                EagernessSink sink = new(memory.Channel.NewChecker(), late);
                ChannelSequencer<EagernessSink> sequencer = new(memory.Channel, accelerate: true, sink);
                ChannelState state = new(memory.Channel);
                ChannelCounters counts = new();
                foreach ((PimInstruction[] program, int idle) in sequence)
                {
                    sink.Start[0] = state.Cursor + idle;
                    sequencer.Run(program, 0, sink.Start[0], state, counts);
                }

                Assert.Empty(late);
            },
            iter: 15);
    }

    [Theory]
    [MemberData(nameof(Memories))]
    public void Every_cycle_of_a_program_is_accounted_for_once(string device)
    {
        PimMemory memory = Catalogues.Memory(device);
        RandomPrograms.Sequence.Sample(
            sequence =>
            {
                ChannelSequencer<NoSink> sequencer = new(memory.Channel, accelerate: true, default);
                ChannelState state = new(memory.Channel);
                foreach ((PimInstruction[] program, int idle) in sequence)
                {
                    ChannelCounters counts = new();
                    long start = state.Cursor + idle;
                    sequencer.Run(program, 0, start, state, counts);
                    Assert.Equal(state.Completion - start, Enum.GetValues<CycleUse>().Sum(counts.CyclesOf));
                }
            },
            iter: 100);
    }

    [Fact]
    public void A_long_stream_is_refreshed_once_per_interval()
    {
        PimMemory memory = Catalogues.Memory("pim-gpt-memory");
        ChannelSequencer<NoSink> sequencer = new(memory.Channel, accelerate: true, default);
        ChannelState state = new(memory.Channel);
        ChannelCounters counts = new();
        sequencer.Run([PimInstruction.Stream(DramCommand.MACAB, 0, 0, 64 * 10_000), PimInstruction.Close()], 0, 0, state, counts);
        Assert.Equal(state.Completion / memory.Channel.RefreshIntervalCycles, counts.Commands(DramCommand.REFab));
        Assert.Equal(10_000, counts.Commands(DramCommand.ACT16));
        Assert.Equal(640_000, counts.Commands(DramCommand.MACAB));
    }

    [Fact]
    public void A_warm_sequencer_allocates_nothing()
    {
        PimMemory memory = Catalogues.Memory("pim-gpt-memory");
        ChannelSequencer<NoSink> sequencer = new(memory.Channel, accelerate: true, default);
        ChannelState state = new(memory.Channel);
        ChannelCounters counts = new();
        PimInstruction[] program =
        [
            PimInstruction.Transfer(DramCommand.WRGB, 64), PimInstruction.Stream(DramCommand.MACAB, 0, 0, 6400),
            PimInstruction.Transfer(DramCommand.RDMAC, 32), PimInstruction.StreamBank(DramCommand.WR, 3, 5, 1, 20), PimInstruction.Close(),
        ];
        sequencer.Run(program, 0, 0, state, counts);
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                sequencer.Run(program, 0, state.Cursor, state, counts);
            }
        }));
    }

    private static void AssertSame(ChannelCounters a, ChannelCounters b)
    {
        Assert.Equal(Enum.GetValues<DramCommand>().Select(a.Commands), Enum.GetValues<DramCommand>().Select(b.Commands));
        Assert.Equal(Enum.GetValues<CycleUse>().Select(a.CyclesOf), Enum.GetValues<CycleUse>().Select(b.CyclesOf));
        Assert.Equal(a.OpenBankCycles, b.OpenBankCycles);
    }

    /// <summary>Notes commands that the rules had allowed one cycle before, after the program began.</summary>
    private readonly struct EagernessSink(TimingChecker checker, List<string> late) : ICommandSink
    {
        public long[] Start { get; } = new long[1];

        public bool WantsCommands => true;

        public void OnCommand(long cycle, DramCommand command, int bank, int row, int column)
        {
            if (cycle > Start[0] && checker.Allows(cycle - 1, command, bank, row, column))
            {
                late.Add($"{cycle}: {command}");
            }

            checker.Observe(cycle, command, bank, row, column);
        }
    }
}
