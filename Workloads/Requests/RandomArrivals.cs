using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Requests;

/// <summary>Independent, Gamma-distributed times between requests; with a coefficient of variation of 1 they are a Poisson process.</summary>
public sealed class RandomArrivals : IArrivals
{
    private const ulong Stream = 1;
    private const double LeastVariation = 0.01;
    private const double MostVariation = 30;

    private readonly double _gapNanoseconds;
    private readonly double _shape;

    private RandomArrivals(double requestsPerSecond, double coefficientOfVariation)
    {
        _gapNanoseconds = ArrivalRate.NanosecondsPerSecond / ArrivalRate.Checked(requestsPerSecond);
        _shape = coefficientOfVariation is >= LeastVariation and <= MostVariation
            ? 1 / (coefficientOfVariation * coefficientOfVariation)
            : throw new PimSimUserException($"a coefficient of variation of {coefficientOfVariation:R}; {LeastVariation} to {MostVariation} is possible, and constant arrivals have none");
    }

    /// <inheritdoc/>
    public bool Endless => true;

    /// <inheritdoc/>
    public bool Advances => true;

    /// <summary>A Poisson process.</summary>
    /// <exception cref="PimSimUserException">The rate is not positive.</exception>
    public static RandomArrivals Poisson(double requestsPerSecond) => new(requestsPerSecond, 1);

    /// <summary>Gamma-distributed times between requests: above 1 in bursts, below 1 more even than a Poisson process.</summary>
    /// <param name="requestsPerSecond">Mean rate.</param>
    /// <param name="coefficientOfVariation">Standard deviation of the times between requests over their mean.</param>
    /// <exception cref="PimSimUserException">A number is out of range.</exception>
    public static RandomArrivals Gamma(double requestsPerSecond, double coefficientOfVariation) => new(requestsPerSecond, coefficientOfVariation);

    /// <inheritdoc/>
    public IEnumerable<long> Nanoseconds(ulong seed)
    {
        long time = 0;
        double fraction = 0;
        for (ulong index = 0; ; index++)
        {
            yield return time;
            CounterRandom random = new(seed, Stream, index);
            double gap = _shape == 1 ? random.Exponential() : random.Gamma(_shape) / _shape;
            ArrivalRate.Advance(ref time, ref fraction, gap * _gapNanoseconds);
        }
    }
}
