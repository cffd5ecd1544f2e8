using PimSim.Devices.Dram;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>How far two lists of commands are the same, and what either has behind that.</summary>
internal sealed class CommandAgreement
{
    public CommandAgreement(IReadOnlyList<BusCommand> ours, IReadOnlyList<BusCommand> theirs)
    {
        int same = 0;
        while (same < Math.Min(ours.Count, theirs.Count) && ours[same] == theirs[same])
        {
            same++;
        }

        Same = same;
        OnlyOurs = [.. ours.Skip(same)];
        OnlyTheirs = [.. theirs.Skip(same)];
        LastOfOurs = ours[^1].Cycle;
    }

    /// <summary>Commands from the first on that are equal in cycle, kind and place.</summary>
    public int Same { get; }

    public IReadOnlyList<BusCommand> OnlyOurs { get; }

    public IReadOnlyList<BusCommand> OnlyTheirs { get; }

    public long LastOfOurs { get; }

    /// <summary>Their driver lets the memory run on behind the last request, so that rows are closed and ranks refreshed once more.</summary>
    public bool TheirsOnlyRefreshesBehindTheEnd =>
        OnlyTheirs.All(each => each.Cycle > LastOfOurs && (each.IsPrecharge || each.Command == DramCommand.REFab));

    /// <summary>DRAMsim3 never issues the last few writes; they come behind everything else here, with the rows that they need.</summary>
    public bool OursOnlyWritesBehindTheEnd =>
        OnlyTheirs.Count == 0 && OnlyOurs.All(each => each.IsPrecharge || each.Command is DramCommand.ACT or DramCommand.WR);

    public int LateWrites => OnlyOurs.Count(each => each.Command == DramCommand.WR);

    /// <summary>Without precharges, which two simulators may order differently before a refresh.</summary>
    public static List<BusCommand> WithoutPrecharges(IEnumerable<BusCommand> commands) => [.. commands.Where(each => !each.IsPrecharge)];
}
