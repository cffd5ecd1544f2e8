namespace PimSim.Devices.Dram;

/// <summary>
/// How long each command occupies its bus, and when the device takes it. A command sent in two cycles is taken with its
/// second, so latencies count from there; a trace shows its first.
/// </summary>
public sealed class CommandLengths
{
    private readonly int[] _takenAfter;

    internal CommandLengths(int[] cycles, int[] takenAfter)
    {
        Cycles = cycles;
        _takenAfter = takenAfter;
    }

    /// <summary>Every command takes one cycle.</summary>
    public static CommandLengths OneCycle { get; } = new([.. Enumerable.Repeat(1, DramCommands.Count)], new int[DramCommands.Count]);

    /// <summary>Cycles on the bus, by <see cref="DramCommand"/>.</summary>
    public IReadOnlyList<int> Cycles { get; }

    /// <summary>Cycles from the first one of a command to the one from which its latencies count.</summary>
    public int TakenAfter(DramCommand command) => _takenAfter[(int)command];
}
