namespace PimSim.Devices.Dram.Controller;

/// <summary>The command to be issued next, in one number: the cycle above the candidate's key, so that the lowest is the first.</summary>
internal readonly record struct Choice(long Packed)
{
    /// <summary>No command waits.</summary>
    public static readonly Choice None = new(long.MaxValue);

    /// <summary>A candidate at a cycle.</summary>
    public Choice(int cycle, uint key)
        : this(((long)cycle << 32) | key)
    {
    }

    /// <summary>Cycle of issue.</summary>
    public int Cycle => (int)(Packed >> 32);

    /// <summary>The candidate's key.</summary>
    public uint Key => (uint)Packed;

    /// <summary>What is issued.</summary>
    public Wait Wait => CandidateKey.WaitOf(Key);

    /// <summary>For which bank.</summary>
    public int Bank => CandidateKey.Bank(Key);

    /// <summary>False if no command waits.</summary>
    public bool Exists => Packed != long.MaxValue;
}
