using System.Globalization;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Files;

/// <summary>How many operators of a trace have no shape, how long they took, and which they are.</summary>
internal sealed class OpaqueCount
{
    private const int ShownLabels = 3;
    private const int ShownCharacters = 40;

    // Labels are foreign text: a file with a new one for each operator must not fill the memory.
    private const int MostLabels = 4096;

    private readonly Dictionary<string, long> _byLabel = new(StringComparer.Ordinal);

    /// <summary>Operators without a shape, executed.</summary>
    public long Operators { get; private set; }

    /// <summary>Their measured time.</summary>
    public long Nanoseconds { get; private set; }

    /// <summary>Counts those of a step.</summary>
    public void Add(Step step)
    {
        foreach (StepBlock block in step.Blocks)
        {
            foreach (Operator op in block.Operators)
            {
                if (op.Kind == OperatorKind.Opaque)
                {
                    Operators += block.Repeat;
                    Nanoseconds += block.Repeat * op.OpaqueNanoseconds;
                    Count(op.Label!, block.Repeat);
                }
            }
        }
    }

    /// <summary>The most frequent, with how often they ran.</summary>
    public string Most()
    {
        KeyValuePair<string, long>[] shown =
            [.. _byLabel.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal).Take(ShownLabels)];
        long rest = Operators - shown.Sum(entry => entry.Value);
        string names = string.Join(", ", shown.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Value} x '{Printable(entry.Key)}'")));
        return rest > 0 ? string.Create(CultureInfo.InvariantCulture, $"{names} and {rest} others") : names;
    }

    private static string Printable(string label)
    {
        string shown = label.Length > ShownCharacters ? label[..ShownCharacters] + "..." : label;
        return string.Concat(shown.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter));
    }

    private void Count(string label, int times)
    {
        if (_byLabel.TryGetValue(label, out long before))
        {
            _byLabel[label] = before + times;
        }
        else if (_byLabel.Count < MostLabels)
        {
            _byLabel.Add(label, times);
        }
    }
}
