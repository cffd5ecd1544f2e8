namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>
/// The recorded arguments of one host operator: sizes, element types and, where the profiler kept them, the values of
/// scalars. One instance is filled again for every event.
/// </summary>
internal sealed class OperatorArguments
{
    /// <summary>A recorded value that is no whole number.</summary>
    public const long OtherValue = long.MinValue;

    private readonly List<long> _sizes = [];
    private readonly List<int> _ends = [];
    private readonly List<bool> _plain = [];
    private readonly List<TensorType> _types = [];
    private readonly List<long?> _values = [];

    /// <summary>Arguments whose sizes were recorded.</summary>
    public int Count => _ends.Count;

    public void Clear()
    {
        ClearSizes();
        ClearTypes();
        ClearValues();
    }

    public void ClearSizes()
    {
        _sizes.Clear();
        _ends.Clear();
        _plain.Clear();
    }

    public void ClearTypes() => _types.Clear();

    public void ClearValues() => _values.Clear();

    public void AddSize(long size) => _sizes.Add(size);

    /// <summary>Ends an argument; <paramref name="plain"/> says that it is one tensor, not a list of them.</summary>
    public void EndSizes(bool plain)
    {
        _ends.Add(_sizes.Count);
        _plain.Add(plain);
    }

    public void AddType(TensorType type) => _types.Add(type);

    /// <summary>
    /// Adds the recorded value of an argument: a whole number or a truth value (0, 1), <see cref="OtherValue"/> for any other
    /// text, null if nothing was recorded.
    /// </summary>
    public void AddValue(long? value) => _values.Add(value);

    /// <summary>Sizes of a tensor; empty for a scalar, an absent argument or a list of tensors.</summary>
    public ReadOnlySpan<long> Sizes(int argument)
    {
        if (argument >= _ends.Count || !_plain[argument])
        {
            return default;
        }

        int start = argument == 0 ? 0 : _ends[argument - 1];
        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_sizes)[start.._ends[argument]];
    }

    /// <summary>Element type of an argument.</summary>
    public TensorType Type(int argument) => argument < _types.Count ? _types[argument] : TensorType.Unknown;

    /// <summary>Value of a scalar; null where it was not recorded.</summary>
    public long? Value(int argument) => argument < _values.Count ? _values[argument] : null;
}
