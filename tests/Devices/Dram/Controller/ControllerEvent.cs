using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>One thing that an observer sees: a command, or with <paramref name="Done"/> a completion.</summary>
internal readonly record struct ControllerEvent(long Cycle, DramCommand Command, int Bank, int Row, int Column, long Id = -1, long Done = -1)
{
    public bool IsCommand => Done < 0;
}

/// <summary>Writes down everything in the order in which it is told.</summary>
internal sealed class EventRecorder : IDramObserver
{
    public List<ControllerEvent> Events { get; } = [];

    public IEnumerable<ControllerEvent> Commands => Events.Where(seen => seen.IsCommand);

    public IEnumerable<ControllerEvent> Completions => Events.Where(seen => !seen.IsCommand);

    public void OnCommand(long cycle, DramCommand command, int bank, int row, int column) =>
        Events.Add(new ControllerEvent(cycle, command, bank, row, column));

    public void OnCompletion(long id, long acceptedCycle, long doneCycle) =>
        Events.Add(new ControllerEvent(acceptedCycle, default, -1, -1, -1, id, doneCycle));

    /// <summary>Null if both saw the same, else the first difference with what came before it.</summary>
    public string? DifferenceFrom(EventRecorder expected)
    {
        int same = 0;
        while (same < Events.Count && same < expected.Events.Count && Events[same] == expected.Events[same])
        {
            same++;
        }

        return same == Events.Count && same == expected.Events.Count
            ? null
            : $"""
               after {same} events
               {string.Join('\n', Events.Take(same).TakeLast(12))}
               expected
               {string.Join('\n', expected.Events.Skip(same).Take(4))}
               found
               {string.Join('\n', Events.Skip(same).Take(4))}
               """;
    }
}
