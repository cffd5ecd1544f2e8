namespace PimSim.Traces.Training.Numerics;

/// <summary>SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a seed gives the same numbers on every machine and release.</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A stream of its own for a purpose, unrelated to the others of the seed.</summary>
    public static SeededRandom For(ulong seed, ulong purpose)
    {
        SeededRandom parent = new(seed);
        return new SeededRandom(parent.NextBits() ^ new SeededRandom(purpose).NextBits());
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to <paramref name="end"/> - 1.</summary>
    public int Next(int end) => (int)Math.BigMul(NextBits(), (ulong)end, out _);

    /// <summary>From <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public int Next(int first, int last) => first + Next(last - first + 1);

    /// <summary>At least 0 and below 1.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True in <paramref name="percent"/> of all cases.</summary>
    public bool Chance(int percent) => Next(100) < percent;

    /// <summary>One of several.</summary>
    public T Pick<T>(IReadOnlyList<T> choices) => choices[Next(choices.Count)];

    /// <summary>Some of several, each at most once.</summary>
    public T[] PickSome<T>(IReadOnlyList<T> choices, int count)
    {
        T[] pool = [.. choices];
        Shuffle(pool);
        return pool[..count];
    }

    /// <summary>Puts the elements into random order.</summary>
    public void Shuffle<T>(Span<T> elements)
    {
        for (int i = elements.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (elements[i], elements[j]) = (elements[j], elements[i]);
        }
    }

    /// <summary>Normally distributed (Box and Muller).</summary>
    public double NextGaussian() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());
}
