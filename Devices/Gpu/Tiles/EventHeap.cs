namespace PimSim.Devices.Gpu.Tiles;

/// <summary>Units by the time of their next event: a binary heap on memory of the caller's, all times infinite at first.</summary>
internal readonly ref struct EventHeap
{
    private readonly Span<double> _times;
    private readonly Span<int> _units;
    private readonly Span<int> _places;

    /// <summary>On three spans with an element for each unit.</summary>
    public EventHeap(Span<double> times, Span<int> units, Span<int> places)
    {
        _times = times;
        _units = units;
        _places = places;
        for (int i = 0; i < units.Length; i++)
        {
            (_times[i], _units[i], _places[i]) = (double.PositiveInfinity, i, i);
        }
    }

    /// <summary>The unit with the earliest event.</summary>
    public int First => _units[0];

    /// <summary>When that is.</summary>
    public double Earliest => _times[_units[0]];

    /// <summary>Gives a unit another time.</summary>
    public void Set(int unit, double time)
    {
        _times[unit] = time;
        int i = _places[unit];
        while (i > 0 && _times[_units[(i - 1) / 2]] > time)
        {
            Move((i - 1) / 2, i);
            i = (i - 1) / 2;
        }

        while (true)
        {
            int child = (2 * i) + 1;
            if (child + 1 < _units.Length && _times[_units[child + 1]] < _times[_units[child]])
            {
                child++;
            }

            if (child >= _units.Length || _times[_units[child]] >= time)
            {
                break;
            }

            Move(child, i);
            i = child;
        }

        _units[i] = unit;
        _places[unit] = i;
    }

    private void Move(int from, int to)
    {
        _units[to] = _units[from];
        _places[_units[to]] = to;
    }
}
