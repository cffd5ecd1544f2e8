using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Requests;

/// <summary>A log-normal number rounded to the nearest whole; what falls outside of the range becomes its nearer end.</summary>
public sealed class LogNormalTokens : ITokenCounts
{
    private readonly double _logMedian;
    private readonly double _sigma;
    private readonly int _least;
    private readonly int _most;

    /// <summary>A distribution within a range.</summary>
    /// <param name="median">Median; e to the mean of the logarithm.</param>
    /// <param name="sigma">Standard deviation of the natural logarithm.</param>
    /// <param name="least">Fewest tokens.</param>
    /// <param name="most">Most tokens.</param>
    /// <exception cref="PimSimUserException">A number is out of range.</exception>
    public LogNormalTokens(double median, double sigma, int least, int most)
    {
        TokenRange.Check(least, most);
        _logMedian = median >= 1 && median <= int.MaxValue
            ? PortableMath.Log(median)
            : throw new PimSimUserException($"a median of {median:R} tokens; 1 to {int.MaxValue} is possible");
        _sigma = sigma is > 0 and <= 10
            ? sigma
            : throw new PimSimUserException($"a sigma of {sigma:R}; more than 0 and up to 10 is possible, and a fixed length has none");
        _least = least;
        _most = most;
    }

    /// <inheritdoc/>
    public int Draw(ulong seed, ulong stream, ulong index)
    {
        double tokens = PortableMath.Exp(_logMedian + (_sigma * new CounterRandom(seed, stream, index).Normal()));
        return (int)Math.Clamp(Math.Floor(tokens + 0.5), _least, _most);
    }
}
