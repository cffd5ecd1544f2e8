using BenchmarkDotNet.Attributes;
using PimSim.Devices.Dram;
using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Traces.Format.Documents;

namespace PimSim.Benchmarks;

/// <summary>
/// Commands per second of one PIM channel on one core: rows streamed through the MAC units. Operations are commands, so the
/// reported time is the time of one command.
/// </summary>
public class ChannelBenchmarks
{
    private const int Rows = 1000;
    private const int ColumnsPerRow = 64;
    private const int Commands = Rows * (ColumnsPerRow + 2);

    private readonly ChannelCounters _counters = new();
    private PimInstruction[] _program = [];
    private ChannelSequencer<NoSink> _plain = null!;
    private ChannelSequencer<NoSink> _accelerated = null!;
    private ChannelState _state = null!;

    [GlobalSetup]
    public void Setup()
    {
        ProblemList problems = new();
        HardwareCatalogue catalogue = new(userFolder: null);
        var memory = PimMemory.Read(catalogue.Devices, catalogue.Standards, "pim-gpt-memory", problems);
        problems.ThrowIfAny();
        _program = [PimInstruction.Stream(DramCommand.MACAB, 0, 0, Rows * ColumnsPerRow), PimInstruction.Close()];
        _plain = new ChannelSequencer<NoSink>(memory.Channel, accelerate: false, default);
        _accelerated = new ChannelSequencer<NoSink>(memory.Channel, accelerate: true, default);
        _state = new ChannelState(memory.Channel);
    }

    /// <summary>Every command by itself.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Commands)]
    public void Plain() => _plain.Run(_program, 0, _state.Cursor, _state, _counters);

    /// <summary>With runs and periods skipped.</summary>
    [Benchmark(OperationsPerInvoke = Commands)]
    public void Accelerated() => _accelerated.Run(_program, 0, _state.Cursor, _state, _counters);
}
