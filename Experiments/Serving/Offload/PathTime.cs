namespace PimSim.Experiments.Serving.Offload;

/// <summary>What a point in time was waited for, back to the start: the chain of uses that each began when the one before ended.</summary>
/// <param name="DensePs">Dense operators.</param>
/// <param name="AttentionPs">Attention.</param>
/// <param name="NetworkPs">Transfers and their latency.</param>
internal readonly record struct PathTime(long DensePs, long AttentionPs, long NetworkPs)
{
    /// <summary>All of it: the time since the start.</summary>
    public long TotalPs => DensePs + AttentionPs + NetworkPs;
}
