using PimSim.Simulator.Kernel;

namespace PimSim.Simulator.Serving.Metrics;

/// <summary>
/// A quantity that changes in steps, as its mean over equal intervals. When the intervals run out, pairs become one, so that a long
/// run takes no more memory than a short one.
/// </summary>
public sealed class OccupancySeries
{
    /// <summary>Most intervals that are kept.</summary>
    public const int MostIntervals = 512;

    private readonly double[] _area = new double[MostIntervals];
    private long _interval = 1_000_000_000;
    private long _last;
    private double _value;

    /// <summary>Length of an interval.</summary>
    public Picoseconds Interval => new(_interval);

    /// <summary>Largest value.</summary>
    public double Peak { get; private set; }

    /// <summary>Mean over a span from the first change to the last or beyond, before and after which the quantity is 0; 0 for no span.</summary>
    public double MeanOver(Picoseconds span) => span.Value <= 0 ? 0 : _area.Sum() / span.Value;

    /// <summary>The quantity changes. Times never run backwards.</summary>
    public void Set(Picoseconds time, double value)
    {
        Advance(time.Value);
        _value = value;
        Peak = Math.Max(Peak, value);
    }

    /// <summary>Mean over each interval from time 0 on; the last one may be cut short by the time of the last change.</summary>
    public double[] Means()
    {
        int count = (int)((_last + _interval - 1) / _interval);
        double[] means = new double[count];
        for (int i = 0; i < count; i++)
        {
            means[i] = _area[i] / Math.Min(_interval, _last - (i * _interval));
        }

        return means;
    }

    private void Advance(long time)
    {
        while ((time - 1) / MostIntervals >= _interval)
        {
            for (int i = 0; i < MostIntervals; i++)
            {
                _area[i] = i < MostIntervals / 2 ? _area[2 * i] + _area[(2 * i) + 1] : 0;
            }

            _interval *= 2;
        }

        while (_last < time)
        {
            long index = _last / _interval;
            long until = _last + Math.Min(time - _last, _interval - (_last % _interval));
            _area[index] += _value * (until - _last);
            _last = until;
        }
    }
}
