namespace PimSim.Workloads.Parallelism;

/// <summary>How devices that each have tokens of their own send them to the experts of all, and get the results back.</summary>
public enum ExpertExchange
{
    /// <summary>
    /// All tokens are gathered on all devices, and the results added up and scattered again: vLLM's <c>allgather_reducescatter</c>.
    /// </summary>
    Gather,

    /// <summary>Each token is sent to each of its experts, and each result back.</summary>
    AllToAll,
}
