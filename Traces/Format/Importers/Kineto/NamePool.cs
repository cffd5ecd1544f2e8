namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>Numbers names in the order of first use; a name seen before costs no memory.</summary>
internal sealed class NamePool
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    /// <summary>The name of a number.</summary>
    public string this[int number] => _names[number];

    /// <summary>The number of a name.</summary>
    public int Number(ReadOnlySpan<char> name)
    {
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(name, out int number))
        {
            number = _names.Count;
            string text = name.ToString();
            _names.Add(text);
            _numbers.Add(text, number);
        }

        return number;
    }
}
