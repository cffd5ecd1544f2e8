using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers;

/// <summary>Measured work that has a name and a time and no shape.</summary>
internal static class OpaqueOperator
{
    private const string Cut = "...";

    public static Operator New(string label, long nanoseconds, Phase phase) => new()
    {
        Kind = OperatorKind.Opaque,
        Role = OperatorRole.Other,
        Phase = phase,
        Rows = 0,
        Label = label.Length <= TraceLimits.TextLength ? label : Shorten(label),
        OpaqueNanoseconds = nanoseconds,
    };

    /// <summary>Names of template instances may be longer than a trace file allows: the end is cut, never through a character.</summary>
    private static string Shorten(string label)
    {
        int length = TraceLimits.TextLength - Cut.Length;
        return string.Concat(label.AsSpan(0, char.IsHighSurrogate(label[length - 1]) ? length - 1 : length), Cut);
    }
}
