namespace PimSim.Devices.Dram.Checking;

/// <summary>What a check of a command trace found.</summary>
/// <param name="Commands">Commands read.</param>
/// <param name="Channels">Channels that they went to.</param>
/// <param name="LastCycle">Cycle of the last command.</param>
/// <param name="RefreshesIssued">Refresh commands read.</param>
/// <param name="RefreshesExpected">Refresh commands due until the last command of each channel.</param>
/// <param name="Violations">Broken rules: how many, which, and the texts of the first.</param>
public sealed record CommandTraceReport(long Commands, int Channels, long LastCycle, long RefreshesIssued, long RefreshesExpected, ViolationLog Violations);

/// <summary>Checks a file of DRAM commands against a specification, each channel by itself.</summary>
public static class CommandTraceCheck
{
    /// <summary>Reads and checks the whole file. Refresh commands of DRAMsim3, which name no channel, go to channel 0.</summary>
    /// <param name="path">A trace (<see cref="CommandTraceReader"/>).</param>
    /// <param name="specification">The channels' organisation and rules.</param>
    /// <param name="countsRefreshes">Too few or too many refreshes are violations.</param>
    /// <param name="keptTexts">Violations whose texts are kept; all are counted.</param>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">The file can't be read or a line is malformed.</exception>
    public static CommandTraceReport Run(string path, DramSpecification specification, bool countsRefreshes = true, int keptTexts = 20)
    {
        ViolationLog log = new(keptTexts);
        SortedDictionary<int, TimingChecker> checkers = [];
        long lastCycle = 0;
        using CommandTraceReader reader = new(path);
        while (reader.Read(out TracedCommand command))
        {
            int channel = Math.Max(command.Channel, 0);
            if (!checkers.TryGetValue(channel, out TimingChecker? checker))
            {
                TimingCheckerOptions options = new() { CountsRefreshes = countsRefreshes, Place = $"channel {channel}, " };
                checker = new TimingChecker(specification, options, log);
                checkers.Add(channel, checker);
            }

            checker.Observe(command);
            lastCycle = Math.Max(lastCycle, command.Cycle);
        }

        return new CommandTraceReport(
            checkers.Values.Sum(checker => checker.Commands),
            checkers.Count,
            lastCycle,
            checkers.Values.Sum(checker => checker.RefreshesIssued),
            checkers.Values.Sum(checker => checker.RefreshesExpected),
            log);
    }
}
