namespace PimSim.Devices.Dram.Checking;

/// <summary>Counts every broken rule and keeps the texts of the first ones. Checkers of several channels may share one, on
/// one thread.</summary>
/// <param name="kept">How many texts are kept.</param>
public sealed class ViolationLog(int kept = 100)
{
    private readonly List<string> _texts = [];
    private readonly Dictionary<string, long> _byRule = new(StringComparer.Ordinal);

    /// <summary>Broken rules found.</summary>
    public long Count { get; private set; }

    /// <summary>The first ones in the order found: cycle, command, banks, what was found and needed, rule.</summary>
    public IReadOnlyList<string> Texts => _texts;

    /// <summary>How often each rule was broken, by its text.</summary>
    public IReadOnlyDictionary<string, long> ByRule => _byRule;

    internal void Add(string rule, string text)
    {
        Count++;
        _byRule[rule] = _byRule.GetValueOrDefault(rule) + 1;
        if (_texts.Count < kept)
        {
            _texts.Add(text);
        }
    }
}
