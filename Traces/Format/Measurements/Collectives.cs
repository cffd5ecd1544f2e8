using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>Collectives of a flat message.</summary>
internal static class Collectives
{
    public static Operator New(CollectiveKind kind, int ranks, int elements, DataType type) => new()
    {
        Kind = OperatorKind.Collective,
        Role = OperatorRole.Collective,
        Phase = Phase.Prefill,
        Rows = 1,
        Outputs = elements,
        Ranks = ranks,
        Collective = kind,
        WeightType = type,
        ActivationType = type,
        KvType = type,
    };

    public static string Group(in Operator op) => $"{EnumWords<CollectiveKind>.Of(op.Collective)} {op.Ranks}";
}
