using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Parallelism;

/// <summary>What devices that share a model exchange.</summary>
internal static class Exchange
{
    /// <summary>A collective beside an operator, in its phase and types.</summary>
    /// <param name="beside">The operator whose operands or results are exchanged.</param>
    /// <param name="kind">Which.</param>
    /// <param name="rows">Tokens.</param>
    /// <param name="width">Numbers for each.</param>
    /// <param name="ranks">Devices.</param>
    public static Operator Of(in Operator beside, CollectiveKind kind, int rows, int width, int ranks) => new()
    {
        Kind = OperatorKind.Collective,
        Role = OperatorRole.Collective,
        Phase = beside.Phase,
        Rows = rows,
        Outputs = width,
        Ranks = ranks,
        Collective = kind,
        WeightType = beside.WeightType,
        ActivationType = beside.ActivationType,
        KvType = beside.KvType,
    };
}
