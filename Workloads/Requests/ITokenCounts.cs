namespace PimSim.Workloads.Requests;

/// <summary>A distribution of numbers of tokens, all of them 1 or more.</summary>
public interface ITokenCounts
{
    /// <summary>The number of a request: the same for the same seed, stream and index.</summary>
    /// <param name="seed">Seed of the whole stream of requests.</param>
    /// <param name="stream">Which of its numbers.</param>
    /// <param name="index">Number of the request, from 0.</param>
    int Draw(ulong seed, ulong stream, ulong index);
}
