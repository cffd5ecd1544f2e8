using System.Collections.Immutable;
using System.Globalization;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Validation;

/// <summary>Shapes of operators in a few words, for tables of rows.</summary>
public static class Shapes
{
    private const int MostShown = 2;

    /// <summary>The shapes of a row, or the batch of a run.</summary>
    public static string Of(Measurement row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.Workload ?? Of(row.Operators);
    }

    /// <summary>The shapes of operators.</summary>
    public static string Of(ImmutableArray<Operator> operators) => operators.Length <= MostShown
        ? string.Join(" + ", operators.Select(op => Of(op)))
        : string.Create(CultureInfo.InvariantCulture, $"{Of(operators[0])} + {operators.Length - 1} more");

    /// <summary>The shape of an operator.</summary>
    public static string Of(in Operator op)
    {
        string type = DataTypes.Names[(int)op.ActivationType];
        return op.Kind switch
        {
            OperatorKind.Gemm => Text($"{op.Rows} x {op.Inputs} -> {op.Outputs} {Types(op)}"),
            OperatorKind.GroupedGemm => Text($"{op.Rows} x {op.Inputs} -> {op.Outputs} in {op.Experts} experts {Types(op)}"),
            OperatorKind.Attention => Text($"{op.Sequences} seq x {op.Rows / Math.Max(1, op.Sequences)} q, ctx {op.Context}, heads {op.Heads}/{op.KvHeads}x{op.HeadDim} {type}, kv {DataTypes.Names[(int)op.KvType]}"),
            OperatorKind.Collective => Text($"{op.Collective} of {op.Ranks}, {op.ActivationType.Bytes((long)op.Rows * op.Outputs)} B"),
            OperatorKind.Rope or OperatorKind.KvAppend => Text($"{op.Rows} rows, heads {op.Heads}/{op.KvHeads}x{op.HeadDim} {type}"),
            OperatorKind.Norm or OperatorKind.Sample => Text($"{op.Rows} x {op.Inputs} {type}"),
            OperatorKind.Opaque => op.Label ?? "opaque",
            _ => Text($"{op.Rows} x {Math.Max(op.Inputs, op.Outputs)} {type}"),
        };
    }

    private static string Types(in Operator op) => op.WeightType == op.ActivationType
        ? DataTypes.Names[(int)op.ActivationType]
        : $"{DataTypes.Names[(int)op.ActivationType]}, weights {DataTypes.Names[(int)op.WeightType]}";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
