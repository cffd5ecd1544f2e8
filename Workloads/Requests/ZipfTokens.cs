using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Requests;

/// <summary>
/// The k-th number of a range, from its least on, is 1 / k^theta as likely as the first: the law of Vidur's generator, drawn from the exact sums
/// instead of an approximation.
/// </summary>
public sealed class ZipfTokens : ITokenCounts
{
    // 8 bytes each.
    private const int MostNumbers = 1 << 24;

    private readonly int _least;
    private readonly double[] _sums;

    /// <summary>A range, both ends included.</summary>
    /// <exception cref="PimSimUserException">A number is out of range.</exception>
    public ZipfTokens(int least, int most, double theta)
    {
        TokenRange.Check(least, most);
        if (theta is not (>= 0 and <= 20))
        {
            throw new PimSimUserException($"a theta of {theta:R}; 0 to 20 is possible");
        }

        if ((long)most - least >= MostNumbers)
        {
            throw new PimSimUserException($"a Zipf law over {(long)most - least + 1} lengths; {MostNumbers} are the most");
        }

        _least = least;
        _sums = new double[most - least + 1];
        double sum = 0;
        for (int k = 0; k < _sums.Length; k++)
        {
            sum += PortableMath.Exp(-theta * PortableMath.Log(k + 1));
            _sums[k] = sum;
        }
    }

    /// <inheritdoc/>
    public int Draw(ulong seed, ulong stream, ulong index)
    {
        double drawn = new CounterRandom(seed, stream, index).Unit() * _sums[^1];
        int place = Array.BinarySearch(_sums, drawn);
        return _least + Math.Min(place < 0 ? ~place : place, _sums.Length - 1);
    }
}
