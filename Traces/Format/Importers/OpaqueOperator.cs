using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers;

/// <summary>Measured work that has a name and a time and no shape.</summary>
internal static class OpaqueOperator
{
    public static Operator New(string label, long nanoseconds, Phase phase) => new()
    {
        Kind = OperatorKind.Opaque,
        Role = OperatorRole.Other,
        Phase = phase,
        Rows = 0,
        Label = label,
        OpaqueNanoseconds = nanoseconds,
    };
}
