namespace PimSim.Devices.Dram.Controller;

/// <summary>The command to be issued next: for which bank, what, and when.</summary>
internal readonly record struct Choice(int Cycle, int Key, Wait Wait, int Bank)
{
    /// <summary>No command waits.</summary>
    public static Choice None => new(BankLanes.Never, BankLanes.NoCandidate, Wait.Read, -1);
}
