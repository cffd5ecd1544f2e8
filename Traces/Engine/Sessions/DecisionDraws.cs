using PimSim.Traces.Format;

namespace PimSim.Traces.Engine.Sessions;

/// <summary>
/// Draws what data would decide, where there is none. Each kind of decision has draws of its own, so that one more of one kind changes nothing of
/// another. The same seed gives the same draws.
/// </summary>
/// <param name="seed">Decides all draws.</param>
public sealed class DecisionDraws(ulong seed)
{
    private readonly Dictionary<string, Source> _sources = new(StringComparer.Ordinal);

    /// <summary>
    /// A whole number of which only the mean is known: the two around the mean in such turns that after n draws their sum is within one of n times
    /// the mean. A published mean is met so without a guess at its distribution.
    /// </summary>
    /// <param name="decision">What is decided.</param>
    /// <param name="mean">Within the bounds; beyond them the nearer one is always drawn.</param>
    /// <param name="least">Smallest result.</param>
    /// <param name="most">Largest result.</param>
    public int Mean(string decision, double mean, int least, int most)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(least, most);
        Source source = Of(decision);
        double due = Math.Clamp(mean, least, most) + source.Owed;

        // The smallest step above rounding keeps 3.0 + 1e-16 errors from becoming a 2.
        int drawn = Math.Clamp((int)Math.Floor(due + 1e-9), least, most);
        source.Owed = due - drawn;
        return drawn;
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform(string decision)
    {
        Source source = Of(decision);
        source.State += SplitMix64.Golden;
        return (SplitMix64.Mix(source.State) >> 11) * (1.0 / (1UL << 53));
    }

    private Source Of(string decision)
    {
        if (!_sources.TryGetValue(decision, out Source? source))
        {
            ulong state = seed;
            foreach (char letter in decision)
            {
                state = SplitMix64.Mix(state + letter + SplitMix64.Golden);
            }

            source = new Source { State = state };
            _sources.Add(decision, source);
        }

        return source;
    }

    private sealed class Source
    {
        public ulong State { get; set; }

        public double Owed { get; set; }
    }
}
