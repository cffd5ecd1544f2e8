using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>Collects what is wrong with the tensors of a folder: missing, of another shape or type, left over.</summary>
internal sealed class TensorCheck(SafetensorsFolder files)
{
    private readonly ProblemList _problems = new();
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly List<(string Name, string Needed)> _missing = [];
    private SafetensorsTensor? _firstMatrix;

    /// <summary>Faults so far.</summary>
    public int Problems => _problems.Problems.Count + _missing.Count;

    /// <summary>A matrix must be there. All matrices must have one type, which the trace records as that of the weights.</summary>
    public void Matrix(string name, int rows, int columns, string hint = "")
    {
        if (Find(name, [rows, columns], hint) is not { Type: DataType } tensor)
        {
            return;
        }

        _firstMatrix ??= tensor;
        if (tensor.Type != _firstMatrix.Type)
        {
            Report(tensor, $"is {tensor.TypeName}, but '{_firstMatrix.Name}' is {_firstMatrix.TypeName}; all matrices of a model must have one type");
        }
    }

    /// <summary>A vector must be there, of any type that weights may have.</summary>
    public void Vector(string name, int length) => Find(name, [length], "");

    /// <summary>A tensor must hold what another one holds.</summary>
    public void Copy(string name, string original, string why)
    {
        _asked.Add(name);
        if (files.Tensors.TryGetValue(original, out SafetensorsTensor? first)
            && files.Tensors[name] is SafetensorsTensor second
            && (first.TypeName != second.TypeName || !first.Dimensions.AsSpan().SequenceEqual(second.Dimensions.AsSpan()) || !SameBytes(first, second)))
        {
            Report(second, $"differs from '{original}', although {why}");
        }
    }

    /// <summary>Reports what is missing, with the nearest name that is left over, and what is left over.</summary>
    /// <param name="isBuffer">True for what may be left over.</param>
    /// <param name="limit">Faults to report; of more, the number is said.</param>
    /// <exception cref="PimSimUserException">There was a fault.</exception>
    public void Finish(Func<string, bool> isBuffer, int limit)
    {
        // Stopped early, most tensors were not asked for yet.
        bool complete = Problems < limit;
        List<string> surplus = [.. files.Tensors.Keys.Where(name => !_asked.Contains(name) && !isBuffer(name)).Order(StringComparer.Ordinal)];
        foreach ((string name, string needed) in _missing.Take(limit))
        {
            string? nearest = NearestWord.Find(name, surplus);
            string found = nearest is null ? "" : $"; the nearest other one is '{nearest}' {Shown(files.Tensors[nearest])}";
            _problems.Add(new Problem(files.Listing, 0, 0, $"tensor '{name}' {needed} is missing{found}"));
        }

        foreach (string name in complete ? surplus.Take(limit) : [])
        {
            string? nearest = NearestWord.Find(name, _asked);
            string found = nearest is null ? "" : $"; the nearest one that does is '{nearest}'";
            Report(files.Tensors[name], $"{Shown(files.Tensors[name])} does not belong to this model, as config.json describes it{found}");
        }

        int silent = (complete ? Math.Max(0, surplus.Count - limit) : 0) + Math.Max(0, _missing.Count - limit);
        if (silent > 0)
        {
            _problems.Add(new Problem(files.Listing, 0, 0, $"{silent} more tensors are missing or do not belong"));
        }

        _problems.ThrowIfAny();
    }

    private SafetensorsTensor? Find(string name, ReadOnlySpan<long> dimensions, string hint)
    {
        _asked.Add(name);
        string needed = $"[{string.Join(", ", dimensions.ToArray())}]";
        if (!files.Tensors.TryGetValue(name, out SafetensorsTensor? tensor))
        {
            _missing.Add((name, needed + hint));
            return null;
        }

        if (!tensor.Dimensions.AsSpan().SequenceEqual(dimensions))
        {
            Report(tensor, $"is {Shown(tensor)}; {needed} is needed, as config.json describes the model");
        }

        if (tensor.Type is null)
        {
            Report(tensor, $"is of type {tensor.TypeName}; {string.Join(", ", SafetensorsTensor.WeightTypes)} are read");
        }

        return tensor;
    }

    private void Report(SafetensorsTensor tensor, string message) =>
        _problems.Add(new Problem(tensor.File.Path, 0, 0, $"tensor '{tensor.Name}' {message}"));

    private static string Shown(SafetensorsTensor tensor) => $"[{string.Join(", ", tensor.Dimensions)}]";

    private static bool SameBytes(SafetensorsTensor first, SafetensorsTensor second)
    {
        const int Piece = 1 << 20;
        for (long at = 0; at < first.Length; at += Piece)
        {
            int length = (int)Math.Min(Piece, first.Length - at);
            if (!first.File.Memory.Bytes(first.Offset + at, length).SequenceEqual(second.File.Memory.Bytes(second.Offset + at, length)))
            {
                return false;
            }
        }

        return true;
    }
}
