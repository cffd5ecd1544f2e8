using System.Globalization;

namespace PimSim.Traces.Format.Measurements.AiConfigurator;

/// <summary>
/// How many pairs of tokens and experts fall on the device that was measured, and how many of its experts they visit, by the name of the
/// distribution. <c>power_law_A</c>: the loads of the experts are drawn from a density of x^-A, and the most loaded device is measured; the
/// expectation is told, of draws with a fixed seed. Others are even.
/// </summary>
internal sealed class ExpertLoads
{
    private const string PowerLaw = "power_law_";
    private const int Draws = 8;
    private const int Seed = 1;

    /// <summary>Of the tokens, how many the most loaded expert may get before loads are scaled to their sum.</summary>
    private const double LargestShare = 0.8;

    private readonly Dictionary<(int, int, int, int, string), (int, int)> _known = [];

    /// <summary>Whether the loads behind a name are known to be uneven in a known way.</summary>
    public static bool IsPowerLaw(string distribution, out double exponent)
    {
        exponent = 0;
        return distribution.StartsWith(PowerLaw, StringComparison.Ordinal)
            && double.TryParse(distribution.AsSpan(PowerLaw.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out exponent)
            && exponent is > 0 and < 10;
    }

    /// <summary>Pairs and visited experts on the device.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="visits">Experts that each visits.</param>
    /// <param name="experts">Experts of all devices.</param>
    /// <param name="devices">Devices that share them evenly.</param>
    /// <param name="distribution">Name of the distribution.</param>
    public (int Pairs, int Visited) Of(int tokens, int visits, int experts, int devices, string distribution)
    {
        int here = experts / devices;
        long pairs = (long)tokens * visits;
        if (!IsPowerLaw(distribution, out double exponent))
        {
            long even = (pairs + devices - 1) / devices;
            return ((int)even, (int)Math.Min(even, here));
        }

        (int, int, int, int, string) key = (tokens, visits, experts, devices, distribution);
        if (!_known.TryGetValue(key, out (int, int) load))
        {
            _known[key] = load = Expected(tokens, pairs, experts, here, exponent);
        }

        return load;
    }

    private static (int Pairs, int Visited) Expected(int tokens, long pairs, int experts, int here, double exponent)
    {
        Random random = new(Seed);
        (double low, double high) = pairs > experts ? (1.0, tokens * LargestShare) : (0.01, 2.0);
        double allPairs = 0;
        double allVisited = 0;
        double[] loads = new double[experts];
        for (int draw = 0; draw < Draws; draw++)
        {
            for (int i = 0; i < experts; i++)
            {
                loads[i] = Drawn(random.NextDouble(), low, high, exponent);
            }

            long[] counts = Whole(loads, pairs, tokens);
            long most = -1;
            int visited = 0;
            for (int first = 0; first < experts; first += here)
            {
                ReadOnlySpan<long> device = counts.AsSpan(first, here);
                long sum = 0;
                int some = 0;
                foreach (long count in device)
                {
                    sum += count;
                    some += count > 0 ? 1 : 0;
                }

                if (sum > most)
                {
                    (most, visited) = (sum, some);
                }
            }

            allPairs += most;
            allVisited += visited;
        }

        int meanPairs = (int)Math.Max(1, Math.Round(allPairs / Draws));
        return (meanPairs, (int)Math.Clamp(Math.Round(allVisited / Draws), 1, meanPairs));
    }

    /// <summary>The value below which a part of a power law between two bounds lies.</summary>
    private static double Drawn(double part, double low, double high, double exponent)
    {
        double e = 1 - exponent;
        return Math.Abs(e) < 1e-9
            ? low * Math.Pow(high / low, part)
            : Math.Pow(((Math.Pow(high, e) - Math.Pow(low, e)) * part) + Math.Pow(low, e), 1 / e);
    }

    /// <summary>Loads as whole numbers with a given sum, none above the number of tokens: by largest remainder.</summary>
    private static long[] Whole(double[] loads, long sum, int tokens)
    {
        double scale = sum / loads.Sum();
        long[] counts = [.. loads.Select(load => Math.Min((long)(load * scale), tokens))];
        long missing = sum - counts.Sum();
        int[] order = [.. Enumerable.Range(0, loads.Length).OrderByDescending(i => (loads[i] * scale) - Math.Floor(loads[i] * scale))];
        for (int i = 0; missing > 0; i = (i + 1) % order.Length)
        {
            if (counts[order[i]] < tokens)
            {
                counts[order[i]]++;
                missing--;
            }
        }

        return counts;
    }
}
