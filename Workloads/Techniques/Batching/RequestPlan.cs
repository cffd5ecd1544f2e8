using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;
using PimSim.Workloads.Requests;

namespace PimSim.Workloads.Techniques.Batching;

/// <summary>Which requests come when, and who joins whom: what the settings of a batching technique say.</summary>
/// <param name="Requests">How many.</param>
/// <param name="GapMilliseconds">Mean time between two.</param>
/// <param name="Poisson">Times between are exponential; else all are equal.</param>
/// <param name="RandomLengths">Outputs are uniform from 1 to the most; else all as long.</param>
/// <param name="Shuffle">A request that ends leaves the batch; else it runs on to the longest output.</param>
/// <param name="Concurrent">Requests in the batch at once.</param>
/// <param name="IterationMilliseconds">What an iteration takes where there is no device: 0 to take a device.</param>
/// <param name="Draws">Draws of arrivals and lengths that results are means of.</param>
public sealed record RequestPlan(
    int Requests, double GapMilliseconds, bool Poisson, bool RandomLengths, bool Shuffle, int Concurrent, double IterationMilliseconds, int Draws)
{
    /// <summary>Reads a technique's settings.</summary>
    /// <exception cref="PimSimUserException">One is missing or makes no sense.</exception>
    public static RequestPlan Read(TechniqueSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new(
            settings.Integer("requests", 1, 1 << 20),
            settings.Number("gapMilliseconds", 0, 1e7),
            settings.Integer("poisson", 0, 1) == 1,
            settings.Integer("randomLengths", 0, 1) == 1,
            settings.Integer("shuffle", 0, 1) == 1,
            settings.Integer("concurrent", 1, 1 << 20),
            settings.Number("iterationMilliseconds", 0, 1e6),
            settings.Integer("draws", 1, 1000));
    }

    /// <summary>Draws that differ from each other: one is enough where nothing is left to chance.</summary>
    public int DifferentDraws => (Poisson && GapMilliseconds > 0) || (RandomLengths && Shuffle) ? Draws : 1;

    /// <summary>The requests, in the order of their arrival.</summary>
    /// <param name="promptTokens">Of each.</param>
    /// <param name="mostTokens">Output of the longest.</param>
    /// <param name="seed">Of arrivals and lengths.</param>
    public IRequestSource Source(int promptTokens, int mostTokens, ulong seed)
    {
        double rate = 1000 / GapMilliseconds;
        IArrivals arrivals = GapMilliseconds == 0 ? new SimultaneousArrivals() : Poisson ? RandomArrivals.Poisson(rate) : new ConstantArrivals(rate);
        ITokenCounts output = RandomLengths && Shuffle ? new UniformTokens(1, mostTokens) : UniformTokens.Fixed(mostTokens);
        return new RequestStream(arrivals, new IndependentLengths(UniformTokens.Fixed(promptTokens), output), seed, Requests);
    }
}
