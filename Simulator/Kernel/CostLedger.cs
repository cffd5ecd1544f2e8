namespace PimSim.Simulator.Kernel;

/// <summary>
/// Where time and energy of one device went: a table of rows (operator roles) by components. Entries only grow; every total
/// is the exact sum of its entries. Not thread-safe.
/// </summary>
public sealed class CostLedger
{
    private readonly long[] _picoseconds;
    private readonly Int128[] _attojoules;

    /// <summary>Creates an empty ledger.</summary>
    public CostLedger(int rows, IReadOnlyList<string> timeComponents, IReadOnlyList<string> energyComponents)
    {
        Rows = rows;
        TimeComponents = timeComponents;
        EnergyComponents = energyComponents;
        _picoseconds = new long[rows * timeComponents.Count];
        _attojoules = new Int128[rows * energyComponents.Count];
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Names of the time columns.</summary>
    public IReadOnlyList<string> TimeComponents { get; }

    /// <summary>Names of the energy columns.</summary>
    public IReadOnlyList<string> EnergyComponents { get; }

    /// <summary>All time booked.</summary>
    public Picoseconds TotalTime => new(_picoseconds.Sum());

    /// <summary>All energy booked.</summary>
    public Energy TotalEnergy
    {
        get
        {
            Int128 sum = 0;
            foreach (Int128 entry in _attojoules)
            {
                sum += entry;
            }

            return new(sum);
        }
    }

    /// <summary>Books time.</summary>
    public void Add(int row, int timeComponent, Picoseconds span)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(span.Value);
        _picoseconds[(row * TimeComponents.Count) + timeComponent] += span.Value;
    }

    /// <summary>Books energy.</summary>
    public void Add(int row, int energyComponent, Energy energy)
    {
        if (energy.Attojoules < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(energy), "energy is never negative");
        }

        _attojoules[(row * EnergyComponents.Count) + energyComponent] += energy.Attojoules;
    }

    /// <summary>One entry of time.</summary>
    public Picoseconds Time(int row, int timeComponent) => new(_picoseconds[(row * TimeComponents.Count) + timeComponent]);

    /// <summary>One entry of energy.</summary>
    public Energy Energy(int row, int energyComponent) => new(_attojoules[(row * EnergyComponents.Count) + energyComponent]);
}
