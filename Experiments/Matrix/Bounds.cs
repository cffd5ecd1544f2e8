namespace PimSim.Experiments.Matrix;

/// <summary>A part of a run's time and what it goes to.</summary>
/// <param name="Word">What: bandwidth, compute, launch, host, link ...</param>
/// <param name="Share">Part of the time.</param>
public readonly record struct BoundShare(string Word, double Share);

/// <summary>What bounds a run, of whatever device: the words that stand for the components of the devices' ledgers.</summary>
public static class Bounds
{
    // What has no word here is its own.
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["memory"] = "bandwidth",
        ["mac-bound"] = "bandwidth",
        ["compute"] = "compute",
        ["power"] = "compute",
        ["asic"] = "compute",
        ["tiles"] = "partial tiles",
        ["idle-banks"] = "idle banks",
        ["row-opening"] = "rows and refresh",
        ["refresh"] = "rows and refresh",
        ["mode-change"] = "rows and refresh",
        ["vector-transfer"] = "link",
        ["bank-access"] = "link",
        ["links"] = "link",
        ["network"] = "link",
        ["launch"] = "launch",
        ["call"] = "launch",
        ["synchronisation"] = "launch",
        ["host"] = "host",
        ["idle"] = "host",
        ["attention"] = "attention pool",
    };

    /// <summary>Shares of the time by word; they sum to 1.</summary>
    public static IReadOnlyDictionary<string, double> Shares(IReadOnlyDictionary<string, long> picoseconds)
    {
        ArgumentNullException.ThrowIfNull(picoseconds);
        double all = picoseconds.Values.Sum();
        SortedDictionary<string, double> shares = new(StringComparer.Ordinal);
        foreach ((string component, long time) in picoseconds)
        {
            string word = Words.GetValueOrDefault(component, component);
            shares[word] = shares.GetValueOrDefault(word) + (time / all);
        }

        return shares;
    }

    /// <summary>What takes most of the time; of equal ones the first by name. Null if nothing takes any.</summary>
    public static BoundShare? Of(IReadOnlyDictionary<string, long> picoseconds)
    {
        IReadOnlyDictionary<string, double> shares = Shares(picoseconds);
        return shares.Count == 0 ? null : shares.Select(share => new BoundShare(share.Key, share.Value)).MaxBy(share => share.Share);
    }
}
